import type { Group, Person } from './person.js';
import type { ProfileName } from './profiles/profile.js';

/** A person's state in a company's directory. */
export interface Employee {
  person: Person;
  /** Assigned to Gatehouse, and employed: only then may they sign in there through the company. */
  assigned: boolean;
  groupIds: Set<string>;
}

/** A simulated company: the people and groups of its directory, and what its identity provider calls itself. */
export interface Company {
  name: string;
  slug: string;
  /** Of its people's addresses. */
  domain: string;
  profile: ProfileName;
  /** The colour of its pages. */
  brand: string;
  employees: Map<string, Employee>;
  groups: Map<string, Group>;
}

/** The key of the company's SSO connection: part of the address its provider sends people back to. */
export function connectionKey({ slug }: Pick<Company, 'slug'>): string {
  return `${slug}-login`;
}

/** A company without people. */
export function makeCompany(about: Pick<Company, 'name' | 'slug' | 'domain' | 'profile' | 'brand'>): Company {
  return { ...about, employees: new Map(), groups: new Map() };
}

/** Adds a person to the directory, or changes their data; groups stay unchanged. */
export function putEmployee(company: Company, person: Person, assigned: boolean): Employee {
  const known = company.employees.get(person.id);
  const employee = { person, assigned, groupIds: known?.groupIds ?? new Set<string>() };
  company.employees.set(person.id, employee);
  return employee;
}

/** Who may sign in to Gatehouse through the company, by the company's own id. */
export function mayUseGatehouse(company: Company, id: string): Employee | undefined {
  const employee = company.employees.get(id);
  return employee?.assigned ? employee : undefined;
}
