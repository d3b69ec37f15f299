import { tenantAlias } from '../../scim/protocol/schemas/tenant-user.js';
import { tenantUserUrn } from '../../scim/protocol/urns.js';
import type { Core } from '../core.js';
import { service } from '../../shared/services.js';
import { isObject } from '../../shared/unknown-value.js';

/** What role rules look at: a user as the directory sent it, and the groups the user is in, nested ones too. */
export interface MappingView {
  /** SCIM attributes by canonical names, extensions under their alias, with `userName`, `externalId` and `active` at the top. */
  user: Readonly<Record<string, unknown>>;
  groups: readonly MappingGroup[];
}

export interface MappingGroup {
  id: string;
  displayName: string;
  externalId: string | null;
}

/** Reads the values an attribute path names, as text. */
type PathReader = (view: MappingView) => string[];

const coreSchema = 'urn:ietf:params:scim:schemas:core:2.0:user';
const enterpriseSchema = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user';

/** Extension schemas by URN in lower case to the alias their attributes are stored under. */
export type ExtensionAliases = ReadonlyMap<string, string>;

/**
 * The extension schemas of this server.
 *
 * @param configured - `scim.extensionSchemas` of the configuration.
 */
export function extensionAliases(configured: readonly Record<string, unknown>[]): ExtensionAliases {
  const aliases = new Map([
    [enterpriseSchema, 'enterprise'],
    ['urn:gatehouse:params:scim:schemas:extension:2.0:user', 'gatehouse'],
    [tenantUserUrn.toLowerCase(), tenantAlias],
  ]);
  for (const { alias, schema } of configured) {
    const id =
      typeof schema === 'object' && schema !== null ? (schema as Record<string, unknown>)['id'] : undefined;
    if (typeof alias === 'string' && typeof id === 'string') aliases.set(id.toLowerCase(), alias);
  }
  return aliases;
}

/** `urn:...:User:manager.value` as its steps below the stored attributes: `['enterprise', 'manager', 'value']`; undefined: not a path. */
export function attributeSteps(path: string, aliases: ExtensionAliases): string[] | undefined {
  let rest = path.trim();
  const steps: string[] = [];
  if (/^urn:/i.test(rest)) {
    const lower = rest.toLowerCase();
    const known = [coreSchema, ...aliases.keys()].find((urn) => lower.startsWith(`${urn}:`));
    if (known === undefined) return undefined;
    const alias = aliases.get(known);
    if (alias !== undefined) steps.push(alias);
    rest = rest.slice(known.length + 1);
  }
  steps.push(...rest.split('.'));
  return steps.every((step) => /^\$?[a-z][\w$-]*$/i.test(step)) ? steps : undefined;
}

/** Attribute names are not case-sensitive (RFC 7643 section 2.1). */
function member(value: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(value, name)) return value[name];
  const lower = name.toLowerCase();
  const found = Object.keys(value).find((key) => key.toLowerCase() === lower);
  return found === undefined ? undefined : value[found];
}

function valuesAt(value: unknown, steps: readonly string[]): string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((entry) => valuesAt(entry, steps));
  const [step, ...rest] = steps;
  if (typeof value === 'object') {
    // A complex value named without a sub-attribute means its `value` (RFC 7644 section 3.5.2).
    return valuesAt(member(value as Record<string, unknown>, step ?? 'value'), rest);
  }
  if (step !== undefined) return [];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? [String(value)]
    : [];
}

/** What holds an attribute that is named without its schema: the user, else the first extension that has one of this name. */
function holderOf(
  user: Readonly<Record<string, unknown>>,
  name: string,
  aliases: ExtensionAliases,
): Readonly<Record<string, unknown>> {
  if (member(user, name) !== undefined) return user;
  for (const alias of aliases.values()) {
    const extension = user[alias];
    if (isObject(extension) && member(extension, name) !== undefined) return extension;
  }
  return user;
}

const groupReaders: Readonly<Record<string, (group: MappingGroup) => (string | null)[]>> = {
  '': (group) => [group.displayName, group.externalId, group.id],
  display: (group) => [group.displayName],
  displayname: (group) => [group.displayName],
  externalid: (group) => [group.externalId],
  id: (group) => [group.id],
  value: (group) => [group.id],
};

/** What a rule can say of a group, after `groups.`, as paths. */
export const groupParts: readonly string[] = ['groups.displayName', 'groups.externalId', 'groups.id'];

export interface CompiledPath {
  read: PathReader;
  /** Whether the user's groups must be known to read it. */
  needsGroups: boolean;
}

/**
 * Turns an attribute path of a rule into a reader. `groups` alone means any of a group's names: displayName, externalId or id. An
 * extension's attribute needs no schema before it unless the user has one of the same name: `department`.
 *
 * @returns undefined when it is no path: bad characters, an unknown schema, an unknown part of a group.
 */
export function compilePath(path: string, aliases: ExtensionAliases): CompiledPath | undefined {
  const steps = attributeSteps(path, aliases);
  if (!steps) return undefined;
  const [first = ''] = steps;
  if (first.toLowerCase() !== 'groups') {
    return { needsGroups: false, read: ({ user }) => valuesAt(holderOf(user, first, aliases), steps) };
  }
  const reader = steps.length <= 2 ? groupReaders[(steps[1] ?? '').toLowerCase()] : undefined;
  if (!reader) return undefined;
  return { needsGroups: true, read: (view) => view.groups.flatMap(reader).filter((value) => value !== null) };
}

/** The extension schemas this server knows, by URN. */
export const aliasesFor = service(({ config }: Core) => extensionAliases(config.scim.extensionSchemas));
