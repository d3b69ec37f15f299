import type { ResourceSchema, SchemaExtension } from './attribute.js';
import { findAttributePath, leafOf } from './attribute-path.js';
import type { JsonObject } from './json-value.js';
import { isJsonObject, readMember, without } from './json-value.js';
import type { Resource } from './resource.js';
import { badRequest } from './scim-error.js';

/** Attributes of one container: all of it, or these sub-attributes. */
type Selection = Map<string, 'all' | Set<string>>;

/** Which attributes an answer shows (RFC 7644 section 3.9). */
export interface Projection {
  readonly mode: 'default' | 'only' | 'except';
  readonly schema: ResourceSchema;
  /** Core attributes. */
  readonly core: Selection;
  /** Extensions by URN. */
  readonly extensions: ReadonlyMap<string, 'all' | Selection>;
}

/** Parameters of a request, among them perhaps `attributes` and `excludedAttributes`. */
export type ProjectionParameters = JsonObject;

/**
 * Reads `attributes` and `excludedAttributes`: a comma-separated text (query) or an array (search body). Their names are matched without
 * regard to case; unknown attributes are ignored.
 *
 * @throws ScimError invalidValue when both are given or one is of another type.
 */
export function parseProjection(parameters: ProjectionParameters, schema: ResourceSchema): Projection {
  const only = readNames(readMember(parameters, 'attributes'), 'attributes');
  const except = readNames(readMember(parameters, 'excludedAttributes'), 'excludedAttributes');
  if (only !== undefined && except !== undefined) {
    throw badRequest('invalidValue', '"attributes" and "excludedAttributes" exclude each other');
  }
  const names = only ?? except ?? [];
  const mode = only !== undefined ? 'only' : except !== undefined ? 'except' : 'default';
  return { mode, schema, ...select(names, schema) };
}

function readNames(value: unknown, parameter: string): string[] | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const parts: unknown[] = Array.isArray(value) ? value : [value];
  const names = parts.flatMap((part) => {
    if (typeof part !== 'string') {
      throw badRequest('invalidValue', `"${parameter}" must be a list of attribute names`);
    }
    return part.split(',').map((name) => name.trim());
  });
  return names.length === 0 ? undefined : names;
}

function select(names: readonly string[], schema: ResourceSchema): Pick<Projection, 'core' | 'extensions'> {
  const core: Selection = new Map();
  const extensions = new Map<string, 'all' | Selection>();
  for (const name of names) {
    const whole = schema.extensionsByUrn.get(name.toLowerCase());
    const path = whole === undefined ? findAttributePath(name, schema) : undefined;
    if (whole !== undefined) extensions.set(whole.urn, wholeOf(whole));
    if (path === undefined || leafOf(path).returned === 'never') continue;
    const selection = path.extension === undefined ? core : selectionOf(extensions, path.extension.urn);
    if (selection !== 'all') add(selection, path.attribute.name, path.sub?.name);
  }
  return { core, extensions };
}

/** Naming an extension asks for all of it, but for what is never returned. */
function wholeOf({ schema }: SchemaExtension): 'all' | Selection {
  const shown = schema.attributes.filter(({ returned }) => returned !== 'never');
  if (shown.length === schema.attributes.length) return 'all';
  return new Map(shown.map(({ name }) => [name, 'all']));
}

function selectionOf(extensions: Map<string, 'all' | Selection>, urn: string): 'all' | Selection {
  const selection = extensions.get(urn) ?? new Map<string, 'all' | Set<string>>();
  extensions.set(urn, selection);
  return selection;
}

function add(selection: Selection, name: string, sub: string | undefined): void {
  const present = selection.get(name);
  if (sub === undefined || present === 'all') selection.set(name, 'all');
  else selection.set(name, (present ?? new Set()).add(sub));
}

/** Will any part of this core attribute be shown? `members` need not be loaded when not. */
export function isShown(projection: Projection, name: string): boolean {
  const attribute = projection.schema.attributes.get(name);
  if (attribute === undefined || attribute.returned === 'never') return false;
  if (attribute.returned === 'always') return true;
  const selected = projection.core.get(attribute.name);
  if (projection.mode === 'only') return selected !== undefined;
  if (attribute.returned === 'request') return false;
  return projection.mode === 'default' || selected !== 'all';
}

/** Renders a resource for an answer; `id` and `schemas` are always in it, what is never returned never. */
export function project(resource: Resource, projection: Projection): Resource {
  if (projection.mode === 'only') return projectOnly(resource, projection);
  const visible = withoutConcealed(resource, projection.schema);
  return projection.mode === 'default' ? visible : projectExcept(visible, projection);
}

function withoutConcealed(resource: Resource, schema: ResourceSchema): Resource {
  let result: Record<string, unknown> | undefined;
  for (const { urn, name } of schema.concealed) {
    const container = urn === undefined ? resource : (result ?? resource)[urn];
    if (!isJsonObject(container) || container[name] === undefined) continue;
    result ??= { ...resource };
    if (urn === undefined) Reflect.deleteProperty(result, name);
    else setContainer(result, urn, without(container, name));
  }
  return result ?? resource;
}

/** An extension of which nothing is shown is not in `schemas` either. */
function setContainer(resource: Record<string, unknown>, urn: string, container: JsonObject): void {
  if (Object.keys(container).length > 0) {
    resource[urn] = container;
    return;
  }
  Reflect.deleteProperty(resource, urn);
  const { schemas } = resource;
  if (Array.isArray(schemas)) resource['schemas'] = schemas.filter((schema) => schema !== urn);
}

function projectOnly(resource: Resource, { core, extensions, schema }: Projection): Resource {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(resource)) {
    const attribute = schema.attributes.get(name);
    const selected =
      attribute === undefined
        ? extensions.get(name)
        : attribute.returned === 'always'
          ? 'all'
          : core.get(name);
    const value = selected === undefined ? undefined : pick(resource[name], selected);
    if (value !== undefined) result[name] = value;
  }
  return withTrueSchemas(result, schema);
}

/** `schemas` names the schemas of what is shown (RFC 7643 section 3). */
function withTrueSchemas(resource: Record<string, unknown>, schema: ResourceSchema): Resource {
  const { schemas } = resource;
  if (!Array.isArray(schemas) || schemas.length < 2) return resource;
  const shown = schemas.filter((urn: string) => urn === schema.core.id || resource[urn] !== undefined);
  return shown.length === schemas.length ? resource : { ...resource, schemas: shown };
}

function pick(value: unknown, selected: 'all' | Selection | Set<string>): unknown {
  if (selected === 'all') return value;
  if (Array.isArray(value)) {
    const parts = value
      .map((element: unknown) => pick(element, selected))
      .filter((part) => part !== undefined);
    return parts.length === 0 ? undefined : parts;
  }
  if (!isJsonObject(value)) return undefined;
  const result: Record<string, unknown> = {};
  for (const [name, inner] of entriesOf(selected)) {
    const part = value[name] === undefined ? undefined : pick(value[name], inner);
    if (part !== undefined) result[name] = part;
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

function entriesOf(selected: Selection | Set<string>): [string, 'all' | Set<string>][] {
  return selected instanceof Set
    ? [...selected].map((name): [string, 'all'] => [name, 'all'])
    : [...selected.entries()];
}

function projectExcept(resource: Resource, { core, extensions, schema }: Projection): Resource {
  const result = { ...omit(resource, withoutAlways(core, schema)) };
  for (const [urn, selection] of extensions) {
    const container = result[urn];
    const rest = selection === 'all' || !isJsonObject(container) ? undefined : omit(container, selection);
    if (rest === undefined || Object.keys(rest).length === 0) Reflect.deleteProperty(result, urn);
    else result[urn] = rest;
  }
  return withTrueSchemas(result, schema);
}

/** What is always returned cannot be excluded (RFC 7644 section 3.9). */
function withoutAlways(core: Selection, schema: ResourceSchema): Selection {
  return new Map([...core].filter(([name]) => schema.attributes.get(name)?.returned !== 'always'));
}

function omit(container: JsonObject, selection: Selection): JsonObject {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(container)) {
    const selected = selection.get(name);
    const value = selected === undefined ? container[name] : omitFrom(container[name], selected);
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function omitFrom(value: unknown, selected: 'all' | Set<string>): unknown {
  if (selected === 'all') return undefined;
  if (Array.isArray(value)) {
    const parts = value
      .map((element: unknown) => omitFrom(element, selected))
      .filter((part) => part !== undefined);
    return parts.length === 0 ? undefined : parts;
  }
  if (!isJsonObject(value)) return value;
  const rest = Object.fromEntries(Object.entries(value).filter(([name]) => !selected.has(name)));
  return Object.keys(rest).length === 0 ? undefined : rest;
}
