import {
  findAttribute,
  type Attribute,
  type AttributeMap,
  type ResourceSchema,
} from '../../scim/protocol/attribute.js';
import { findAttributePath, type AttributePath } from '../../scim/protocol/attribute-path.js';
import { nearest } from '../../shared/nearest.js';
import type { Core } from '../core.js';
import type { TenantConfig } from '../tenants/config.js';
import { userSchemaOf } from '../tenants/schemas.js';
import { attributeSteps, groupParts, aliasesFor } from './rule-paths.js';

/** What no rule sees of a user. */
const unseen: ReadonlySet<string> = new Set(['schemas', 'id', 'meta', 'password', 'groups']);

const distinct = (attributes: AttributeMap): Attribute[] => [...new Set(attributes.values())];

function pathsIn(attributes: AttributeMap): string[] {
  return distinct(attributes)
    .filter(({ name }) => !unseen.has(name))
    .flatMap(({ name, subs }) => [name, ...distinct(subs).map((sub) => `${name}.${sub.name}`)]);
}

function hasPath(attributes: AttributeMap, [first = '', ...rest]: readonly string[]): boolean {
  const attribute = findAttribute(attributes, first);
  if (!attribute || unseen.has(attribute.name)) return false;
  if (rest.length === 0) return true;
  return rest.length === 1 && findAttribute(attribute.subs, rest[0] ?? '') !== undefined;
}

/**
 * The attribute a path names, where it is named by its schema or, without one, by the first schema of the user that has it.
 *
 * @returns undefined when no schema has it, and for what is no business of rules and claims: ids, secrets, groups.
 */
export function attributeAt(schema: ResourceSchema, path: string): AttributePath | undefined {
  const wanted = path.trim();
  const named = findAttributePath(wanted, schema);
  if (named) return named.extension || !unseen.has(named.attribute.name) ? named : undefined;
  if (/^urn:/i.test(wanted)) return undefined;
  const urns = schema.extensions.map(({ urn }) => urn);
  return urns.map((urn) => findAttributePath(`${urn}:${wanted}`, schema)).find((found) => found);
}

/**
 * Why no rule can look at this path: no schema of the tenant has it.
 *
 * @returns undefined when some schema has it.
 */
export function unknownPath(
  core: Core,
  config: Pick<TenantConfig, 'attributes'>,
  path: string,
): string | undefined {
  const schema = userSchemaOf(core, config);
  const steps = attributeSteps(path, aliasesFor(core)) ?? [];
  const extension = schema.extensions.find(({ alias }) => alias === steps[0]);
  const isOfExtension = path.trim().toLowerCase().startsWith('urn:') && extension !== undefined;
  const places = isOfExtension ? [extension] : [schema, ...schema.extensions];
  const wanted = isOfExtension ? steps.slice(1) : steps;
  if (wanted[0]?.toLowerCase() === 'groups' && !isOfExtension) return undefined;
  if (places.some(({ attributes }) => hasPath(attributes, wanted))) return undefined;
  const names = places.flatMap(({ attributes }) => pathsIn(attributes));
  const near = nearest(wanted.join('.'), isOfExtension ? names : [...names, ...groupParts]);
  const meant =
    near === undefined ? '' : `; did you mean ${isOfExtension ? `${extension.urn}:${near}` : near}?`;
  return `no schema of this server has the attribute ${path}${meant}`;
}
