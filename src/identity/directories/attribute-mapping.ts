import type { AttributeMapping } from '../../persistence/collections/directories.js';
import type { Attribute, ResourceSchema } from '../../scim/protocol/attribute.js';
import { findColumn, type ColumnTransform } from '../../scim/protocol/column-mapping.js';
import type { PatchPath } from '../../scim/protocol/path.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import type { Core } from '../core.js';
import type { TenantConfig } from '../tenants/config.js';
import { userSchemaOf } from '../tenants/schemas.js';

export { columnTransforms } from '../../scim/protocol/column-mapping.js';
export type { AttributeMapping } from '../../persistence/collections/directories.js';

/** As callers write it: one source or one transform needs no list. */
export interface AttributeMappingInput {
  to: string;
  value?: string | number | boolean | undefined;
  default?: string | number | boolean | undefined;
  separator?: string | undefined;
  ignore?: boolean | undefined;
  from?: string | readonly string[] | undefined;
  transform?: ColumnTransform | readonly ColumnTransform[] | undefined;
}

const limits = { entries: 100, sources: 10 } as const;

/** The provider finds people by them, or they are not the directory's to say. */
const closedTargets: ReadonlySet<string> = new Set([
  ...['schemas', 'id', 'meta', 'groups', 'password', 'username', 'externalid', 'active'],
]);
const closedSources: ReadonlySet<string> = new Set(['schemas', 'id', 'meta', 'groups', 'password']);

/** A name of a provider's own: it may begin with a URN. */
const foreignShape = /^[A-Za-z$_][\w$.:/-]*$/;

const listOf = <T>(value: T | readonly T[] | undefined): T[] => {
  if (value === undefined) return [];
  return Array.isArray(value) ? [...(value as readonly T[])] : [value as T];
};

/** Why an attribute of several values cannot be filled as a whole. */
const wholeFault = (attribute: Attribute): string | undefined =>
  attribute.type === 'complex' &&
  (!attribute.valueSub || attribute.requiredSubs.some(({ name }) => name !== 'value'))
    ? `${attribute.name} cannot be filled as a whole`
    : undefined;

/** Why a single value cannot be filled. */
const singleFault = (leaf: Attribute): string | undefined =>
  leaf.type === 'complex'
    ? `${leaf.path} has parts: name one of them, such as ${leaf.path}.${[...leaf.subs.values()][0]?.name ?? ''}`
    : undefined;

/** What is wrong with an attribute as one that is filled. */
function targetFault({ extension, attribute, filter, sub }: PatchPath): string | undefined {
  if (!attribute) return 'names no attribute';
  if (!extension && closedTargets.has(attribute.name.toLowerCase()))
    return `${attribute.name} is not filled by a mapping`;
  const leaf: Attribute = sub ?? attribute;
  if ([attribute, leaf].some(({ mutability }) => mutability !== 'readWrite'))
    return `${leaf.path} cannot be written`;
  if (!attribute.multiValued || filter) return singleFault(leaf);
  return sub ? `name one of several: ${attribute.name}[type eq "work"].${sub.name}` : wholeFault(attribute);
}

function sourceFault(name: string, schema: ResourceSchema): string | undefined {
  const known = findColumn(name, schema);
  if (!known) return foreignShape.test(name) ? undefined : 'is neither an attribute nor a name of one';
  const { extension, attribute, sub } = known.found;
  if (!extension && attribute && closedSources.has(attribute.name.toLowerCase()))
    return `${name} cannot be read`;
  return attribute?.type === 'complex' && !sub && !attribute.valueSub
    ? `${name} has parts: name one of them`
    : undefined;
}

/** The one attribute that two spellings name. */
function keyOf(name: string, schema: ResourceSchema): string {
  return (findColumn(name, schema)?.path ?? name).toLowerCase();
}

function entryFaults(
  entry: AttributeMappingInput,
  schema: ResourceSchema,
): [field: string, detail: string][] {
  const sources = listOf(entry.from);
  const faults: [string, string | undefined][] = [];
  const target = findColumn(entry.to, schema);
  faults.push([
    '/to',
    target ? targetFault(target.found) : `users have no attribute ${entry.to.slice(0, 100)}`,
  ]);
  const ways = [sources.length > 0, entry.value !== undefined, entry.ignore === true].filter(Boolean).length;
  if (ways !== 1) faults.push(['', 'give exactly one of from, value and ignore']);
  if (sources.length > limits.sources) faults.push(['/from', `at most ${limits.sources} sources`]);
  if (sources.length === 0 && (entry.default !== undefined || listOf(entry.transform).length > 0))
    faults.push(['', 'default and transform go with from']);
  sources.forEach((name, index) =>
    faults.push([`/from${Array.isArray(entry.from) ? `/${index}` : ''}`, sourceFault(name, schema)]),
  );
  return faults.flatMap(([field, detail]) => (detail === undefined ? [] : [[field, detail]]));
}

/** Between the entries: none fills what another one fills or reads, so that the order does not matter and a second push changes nothing. */
function clashes(entries: readonly AttributeMappingInput[], schema: ResourceSchema): InputFault[] {
  const targets = entries.map(({ to }) => keyOf(to, schema));
  return entries.flatMap((entry, index): InputFault[] => {
    const own = targets[index] ?? '';
    if (targets.indexOf(own) < index)
      return [{ pointer: `/${index}/to`, detail: `${entry.to} is filled twice` }];
    const reads = listOf(entry.from).map((name) => keyOf(name, schema));
    const other = reads.find((key) => key !== own && targets.includes(key));
    return other === undefined
      ? []
      : [{ pointer: `/${index}/from`, detail: 'what another entry fills cannot be read' }];
  });
}

/** An entry as it is stored. */
export function storedEntry(entry: AttributeMappingInput): AttributeMapping {
  const { to, value, separator, ignore } = entry;
  const from = listOf(entry.from);
  const transform = listOf(entry.transform);
  return {
    to,
    ...(from.length > 0 && { from }),
    ...(value !== undefined && { value }),
    ...(entry.default !== undefined && { default: entry.default }),
    ...(transform.length > 0 && { transform }),
    ...(separator !== undefined && { separator }),
    ...(ignore === true && { ignore }),
  };
}

/**
 * A directory's attribute mapping as it is stored.
 *
 * @throws AppError `input.invalid` with all faults; pointers begin with the entry's index.
 */
export function checkMapping(
  core: Core,
  config: Pick<TenantConfig, 'attributes'>,
  entries: readonly AttributeMappingInput[],
): AttributeMapping[] {
  const schema = userSchemaOf(core, config);
  const errors = entries.flatMap((entry, index) =>
    entryFaults(entry, schema).map(([field, detail]) => ({ pointer: `/${index}${field}`, detail })),
  );
  if (entries.length > limits.entries)
    errors.push({ pointer: '', detail: `at most ${limits.entries} entries` });
  errors.push(...clashes(entries, schema));
  const located = errors.map(({ pointer, detail }) => ({ pointer: `/attributeMapping${pointer}`, detail }));
  if (errors.length > 0)
    throw new AppError('input.invalid', 'the attribute mapping is not valid', { errors: located });
  return entries.map(storedEntry);
}
