import { createSchemaRegistry } from '../../scim/protocol/schema-registry.js';
import { findAttribute, type Attribute, type AttributeMap } from '../../scim/protocol/attribute.js';
import { nearest } from '../../shared/nearest.js';
import type { Core } from '../core.js';
import { attributeSteps, groupParts, aliasesFor } from './rule-paths.js';

/** What no rule sees of a user. */
const unseen: ReadonlySet<string> = new Set(['schemas', 'id', 'meta', 'password', 'groups']);

const known = new WeakMap<object, ReturnType<typeof createSchemaRegistry>['user']>();

/** The User as the schemas of this server have it, extensions of the configuration included. */
function userSchemaOf({ config }: Core): ReturnType<typeof createSchemaRegistry>['user'] {
  const schema = known.get(config) ?? createSchemaRegistry(config.scim.extensionSchemas).user;
  known.set(config, schema);
  return schema;
}

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
 * Why no rule can look at this path: no schema of the server has it.
 *
 * @returns undefined when some schema has it.
 */
export function unknownPath(core: Core, path: string): string | undefined {
  const schema = userSchemaOf(core);
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
