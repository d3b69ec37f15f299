/** A person whom a simulated company employs. */
export interface Person {
  /** The company's own identifier: what it sends as `externalId` and, as an OpenID provider, as `sub`. */
  id: string;
  userName: string;
  givenName: string;
  familyName: string;
  title: string;
  department: string;
}

/** A group of a simulated company's directory. */
export interface Group {
  id: string;
  displayName: string;
}

/** A profile change of a person, as the company's administrator would type it. */
export type PersonChange = Partial<Pick<Person, 'givenName' | 'familyName' | 'title' | 'department'>>;

/** Two departments that the demo's role rules know, also pushed as groups of the same names. */
export const departments = { support: 'Support', sales: 'Sales Managers' } as const;

function slugOf(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '.');
}

/**
 * A person whose address is the given name in the company's domain.
 *
 * @param name - given and family name with one space between.
 */
export function makePerson(name: string, domain: string, department: string, title = 'Specialist'): Person {
  const [givenName = name, familyName = ''] = name.split(' ');
  return {
    id: `${domain.split('.')[0] ?? domain}-${slugOf(name)}`,
    userName: `${slugOf(givenName)}@${domain}`,
    givenName,
    familyName,
    title,
    department,
  };
}

/** A group of a company; its id depends on its name alone, so that a second run meets the same group. */
export function makeGroup(displayName: string, domain: string): Group {
  return { id: `${domain.split('.')[0] ?? domain}-group-${slugOf(displayName)}`, displayName };
}

/** @returns `Ada Lovelace`. */
export function fullName(person: Person): string {
  return `${person.givenName} ${person.familyName}`;
}
