import { z } from 'zod';
import {
  BootstrapError,
  fileSchema,
  operatorKeySchema,
  serverApplicationSchema,
  tenantSchema,
  type BootstrapFile,
  type BootstrapTenant,
} from './schema.js';
import { loginKey } from '../email.js';
import { isObject } from '../../shared/unknown-value.js';

/** `['tenants', 0, 'settings', 'lockout.threshold']` as `tenants[0].settings["lockout.threshold"]`. */
function jsonPath(steps: readonly PropertyKey[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    const name = String(step);
    if (!/^[\w$]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
    return path === '' ? name : `${path}.${name}`;
  }, '');
}

function problemsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${jsonPath([...issue.path, key])}: is not known here`);
  }
  return [`${jsonPath(issue.path) || 'file'}: ${issue.message}`];
}

/** What is told apart by its name may have it once in a list. */
const keysOfLists = {
  users: 'email',
  roles: 'key',
  attributes: 'name',
  applications: 'key',
  applicationAccess: 'application',
  apiKeys: 'name',
  directories: 'name',
  ssoConnections: 'name',
  groups: 'displayName',
  tokens: 'name',
  clients: 'name',
} as const;

const listIn = (value: unknown, name: string): unknown[] => {
  const list = isObject(value) ? value[name] : undefined;
  return Array.isArray(list) ? list : [];
};

/** The faults of one list in which a key occurs twice, however it is written. */
function duplicatesIn(list: readonly unknown[], path: string, key: string): string[] {
  const values = list.map((entry) => (isObject(entry) ? entry[key] : undefined));
  const folded = values.map((value) => (typeof value === 'string' ? value.trim() : value));
  const compared = key === 'email' ? folded.map((value) => loginKey(String(value))) : folded;
  const seen = new Set<unknown>();
  return values.flatMap((value, index) => {
    const isAgain = seen.has(compared[index]);
    seen.add(compared[index]);
    return typeof value === 'string' && isAgain ? [`${path}[${index}].${key}: ${value} occurs twice`] : [];
  });
}

function duplicatesBelow(holder: unknown, path: string): string[] {
  return Object.entries(keysOfLists).flatMap(([name, key]) => {
    const list = listIn(holder, name);
    const inside = list.flatMap((entry, index) => duplicatesBelow(entry, `${path}.${name}[${index}]`));
    return [...duplicatesIn(list, `${path}.${name}`, key), ...inside];
  });
}

function duplicates(json: unknown): string[] {
  const tenants = listIn(json, 'tenants');
  const applications = listIn(json, 'applications');
  return [
    ...duplicatesIn(tenants, 'tenants', 'slug'),
    ...duplicatesIn(applications, 'applications', 'key'),
    ...duplicatesIn(listIn(json, 'operatorKeys'), 'operatorKeys', 'name'),
    ...applications.flatMap((application, index) => duplicatesBelow(application, `applications[${index}]`)),
    ...tenants.flatMap((tenant, index) => duplicatesBelow(tenant, `tenants[${index}]`)),
  ];
}

/** By entry of a file that was read: it lives as long as that. */
const positions = new WeakMap<object, number>();

/** Where an entry stands in its list in the file, when that is not where it stands in the list read from it. */
export const positionOf = (entry: object): number | undefined => positions.get(entry);

/** The entries of a list that hold by themselves. */
function soundEntries(list: readonly unknown[], schema: z.ZodType): object[] {
  return list.flatMap((raw, index) => {
    const parsed = schema.safeParse(raw);
    if (!parsed.success || !isObject(parsed.data)) return [];
    positions.set(parsed.data, index);
    return [parsed.data];
  });
}

function elementOf(type: z.ZodType): z.ZodType | undefined {
  const inner = type instanceof z.ZodOptional ? (type.unwrap() as z.ZodType) : type;
  return inner instanceof z.ZodArray ? (inner.element as z.ZodType) : undefined;
}

/** What is sound of a tenant with faults: enough to look for further ones in it. */
function soundTenant(raw: unknown, index: number): BootstrapTenant {
  const shape: Record<string, z.ZodType> = tenantSchema.shape;
  const source = isObject(raw) ? raw : {};
  const sound: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(shape)) {
    const element = elementOf(type);
    if (element) sound[name] = soundEntries(listIn(source, name), element);
    else if (type.safeParse(source[name]).success) sound[name] = source[name];
  }
  // Stand-ins, for the look alone: a file with faults is not applied.
  const tenant = { slug: `faulty-${index}`, name: 'faulty', ...sound } as BootstrapTenant;
  positions.set(tenant, index);
  return tenant;
}

/** A file as far as it can be read, and what is wrong with it. */
export interface ReadBootstrap {
  file: BootstrapFile;
  problems: readonly string[];
}

/** Reads a bootstrap file, and of one with faults all that is sound, so that further faults can be looked for. */
export function readBootstrap(json: unknown): ReadBootstrap {
  const parsed = fileSchema.safeParse(json);
  if (parsed.success) return { file: parsed.data, problems: duplicates(json) };
  const tenants = listIn(json, 'tenants').map(soundTenant);
  const applications = soundEntries(listIn(json, 'applications'), serverApplicationSchema);
  const operatorKeys = soundEntries(listIn(json, 'operatorKeys'), operatorKeySchema);
  const file = { tenants, applications, operatorKeys } as BootstrapFile;
  return { file, problems: [...parsed.error.issues.flatMap(problemsOf), ...duplicates(json)] };
}

/**
 * Reads a bootstrap file.
 *
 * @param json - the parsed JSON.
 * @throws BootstrapError naming every problem by its JSON path.
 */
export function parseBootstrap(json: unknown): BootstrapFile {
  const { file, problems } = readBootstrap(json);
  if (problems.length > 0) throw new BootstrapError(problems);
  return file;
}

/** The roles and applications that a tenant's entry declares, sound or not. */
function declaredBy(tenant: unknown): Set<string> {
  const keysOf = (holder: unknown, name: string): string[] =>
    listIn(holder, name).flatMap((entry) =>
      isObject(entry) && typeof entry['key'] === 'string' ? [entry['key']] : [],
    );
  const applications = listIn(tenant, 'applications');
  const roles = applications.flatMap((application) => {
    const [key = ''] = keysOf({ list: [application] }, 'list');
    return keysOf(application, 'roles').map((role) => `${key}:${role}`);
  });
  return new Set([...keysOf(tenant, 'roles'), ...keysOf(tenant, 'applications'), ...roles]);
}

/**
 * Faults without those that only follow from others: that there is no such role, say, where the file does declare the role but its entry has
 * a fault of its own.
 *
 * @param json - the file they were found in.
 */
export function withoutFollowUps(problems: readonly string[], json: unknown): string[] {
  const tenants = listIn(json, 'tenants');
  const declared = tenants.map(declaredBy);
  const ofServer = declaredBy({ applications: listIn(json, 'applications') });
  const slugs = tenants.map((tenant) => (isObject(tenant) ? tenant['slug'] : undefined));
  const follows = (problem: string): boolean => {
    const [, slug] = /^applications\[\d+\].*: there is no tenant (\S+)/.exec(problem) ?? [];
    if (slug !== undefined) return slugs.includes(slug);
    const [, tenant, name] =
      /^tenants\[(\d+)\].*: there is no (?:role|application) (\S+)/.exec(problem) ?? [];
    return name !== undefined && (ofServer.has(name) || (declared[Number(tenant)]?.has(name) ?? false));
  };
  const own = problems.filter((problem) => !follows(problem));
  return own.length > 0 ? own : [...problems];
}
