import type { Attribute, ResourceSchema } from './attribute.js';
import { compileFilter } from './filter/match.js';
import { isJsonObject, jsonEqual, type JsonObject } from './json-value.js';
import { applyPatch } from './patch/apply.js';
import type { PatchOperation } from './patch/request.js';
import { tryPatchPath, type PatchPath } from './path.js';
import { ScimError } from './scim-error.js';

export const columnTransforms = ['lower', 'upper', 'trim', 'first', 'join'] as const;
export type ColumnTransform = (typeof columnTransforms)[number];

/** Where one attribute of a user comes from; exactly one of `from`, `value` and `ignore` is set. */
export interface ColumnMapping {
  /** The attribute that is filled: `displayName`, `name.givenName`, `phoneNumbers[type eq "work"].value`, a URN-qualified one. */
  to: string;
  /** What fills it: paths of attributes, or names that the provider sends and no schema has. All their values, in order. */
  from?: string[];
  /** A fixed value. */
  value?: string | number | boolean;
  /** Without a value of the sources; absent: the attribute is emptied. */
  default?: string | number | boolean;
  transform?: ColumnTransform[];
  /** Between the values of `join`; absent: a blank. */
  separator?: string;
  /** The attribute stays as it is here, whatever the provider sends. */
  ignore?: boolean;
}

interface Source {
  /** undefined: no schema has it. */
  path: PatchPath | undefined;
  /** As it is looked for in a request. */
  name: string;
}

interface Column {
  mapping: ColumnMapping;
  target: PatchPath;
  /** As {@link parsePatchPath} reads it. */
  path: string;
  sources: Source[];
}

/** A mapping ready for use with one schema. */
export interface CompiledColumns {
  columns: readonly Column[];
  /** Names that no schema has, in lower case. */
  foreign: ReadonlySet<string>;
}

/** Values of a request by the names that no schema has, in lower case. */
export type ForeignValues = ReadonlyMap<string, unknown>;

/**
 * Finds an attribute, also one of an extension that is named without its URN.
 *
 * @returns its full path, and what it names; undefined: no schema has it.
 */
export function findColumn(
  text: string,
  schema: ResourceSchema,
): { path: string; found: PatchPath } | undefined {
  const names = /^urn:/i.test(text)
    ? [text]
    : [text, ...schema.extensions.map(({ urn }) => `${urn}:${text}`)];
  for (const path of names) {
    const found = tryPatchPath(path, schema);
    if (found?.attribute) return { path, found };
  }
  return undefined;
}

/** A mapping for the users of this schema. What names an attribute that is gone is left out. */
export function compileColumns(mapping: readonly ColumnMapping[], schema: ResourceSchema): CompiledColumns {
  const columns = mapping.flatMap((entry): Column[] => {
    const target = findColumn(entry.to, schema);
    if (!target) return [];
    const sources = (entry.from ?? []).map((name) => ({
      name: name.toLowerCase(),
      path: findColumn(name, schema)?.found,
    }));
    return [{ mapping: entry, target: target.found, path: target.path, sources }];
  });
  const foreign = columns.flatMap(({ sources }) => sources.filter(({ path }) => !path));
  return { columns, foreign: new Set(foreign.map(({ name }) => name)) };
}

const listOf = (value: unknown): unknown[] => {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
};

/** The value of one element: the part that is named, or its `value` (RFC 7643 section 2.4). */
const partOf = (element: unknown, attribute: Attribute, sub: Attribute | undefined): unknown =>
  isJsonObject(element) ? element[(sub ?? attribute.valueSub)?.name ?? 'value'] : element;

/** The values at a path of a user in canonical form. */
function valuesAt(resource: JsonObject, { extension, attribute, filter, sub }: PatchPath): unknown[] {
  const container = extension ? resource[extension.urn] : resource;
  if (!attribute || !isJsonObject(container)) return [];
  const elements = listOf(container[attribute.name]);
  const chosen = filter ? elements.filter(compileFilter(filter)) : elements;
  return chosen.flatMap((element) => listOf(partOf(element, attribute, sub)));
}

const isValue = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value) && value !== '';

const textual: Readonly<Record<'lower' | 'upper' | 'trim', (text: string) => string>> = {
  lower: (text) => text.toLowerCase(),
  upper: (text) => text.toUpperCase(),
  trim: (text) => text.trim(),
};

function transformed(values: readonly (string | number | boolean)[], mapping: ColumnMapping) {
  let now = [...values];
  for (const transform of mapping.transform ?? []) {
    if (transform === 'first') now = now.slice(0, 1);
    else if (transform === 'join') now = now.length === 0 ? [] : [now.join(mapping.separator ?? ' ')];
    else now = now.map((value) => (typeof value === 'string' ? textual[transform](value) : value));
  }
  return now.filter(isValue);
}

/** A value as its attribute takes it; what does not fit is left for the engine to refuse. */
function fitted(value: string | number | boolean, { type }: Attribute): unknown {
  const text = String(value);
  if (type === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if ((type === 'integer' || type === 'decimal') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return type === 'boolean' || type === 'integer' || type === 'decimal' ? value : text;
}

/** The operation that fills an attribute with these values; of several a single-valued one takes the first. */
function filling(
  { target: { attribute, filter, sub }, path }: Column,
  values: readonly (string | number | boolean)[],
): PatchOperation[] {
  const [first] = values;
  if (!attribute) return [];
  if (first === undefined) return [{ op: 'remove', path, value: undefined }];
  const leaf = sub ?? attribute.valueSub ?? attribute;
  // With `add`, a filter that matches nothing makes the element it describes.
  if (filter) return [{ op: 'add', path, value: fitted(first, leaf) }];
  if (!attribute.multiValued) return [{ op: 'replace', path, value: fitted(first, leaf) }];
  const isComplex = attribute.type === 'complex';
  const elements = values.map((value) => (isComplex ? { value: fitted(value, leaf) } : fitted(value, leaf)));
  return [{ op: 'replace', path, value: elements }];
}

/** The values of a column in this request; undefined: the request says nothing of it, so that it stays. */
function sourceValues(
  { sources, target, mapping }: Column,
  resource: JsonObject,
  foreign: ForeignValues,
  isWhole: boolean,
): (string | number | boolean)[] | undefined {
  const isSilent =
    !isWhole &&
    sources.every(({ path, name }) => !path && !foreign.has(name)) &&
    // A default is kept until a source has a value.
    (mapping.default === undefined || valuesAt(resource, target).length > 0);
  if (isSilent) return undefined;
  const values = sources.flatMap(({ path, name }) =>
    path
      ? valuesAt(resource, path)
      : listOf(foreign.get(name)).map((each) => (isJsonObject(each) ? each['value'] : each)),
  );
  const found = transformed(values.filter(isValue), mapping);
  return found.length === 0 && mapping.default !== undefined ? [mapping.default] : found;
}

/** What an attribute that is ignored goes back to. */
function restoring({ target, path }: Column, existing: JsonObject | undefined): PatchOperation[] {
  const { extension, attribute, filter, sub } = target;
  const container = existing && (extension ? existing[extension.urn] : existing);
  const before = attribute && isJsonObject(container) ? container[attribute.name] : undefined;
  if (!filter && !sub)
    return [
      before === undefined ? { op: 'remove', path, value: before } : { op: 'replace', path, value: before },
    ];
  const [value] = existing ? valuesAt(existing, target) : [];
  return [{ op: value === undefined ? 'remove' : 'add', path, value }];
}

/**
 * Fills a user's attributes as a directory's mapping says. Pure.
 *
 * @param resource - as the request leaves it, in canonical form.
 * @param existing - as it was; undefined for a new user.
 * @param isWhole - whether the request has all of the user (POST, PUT): what it does not name is not there.
 * @returns `existing` when nothing is different from it.
 * @throws ScimError where a value does not fit, with the name of the attribute.
 */
export function applyColumns(
  resource: JsonObject,
  existing: JsonObject | undefined,
  { columns }: CompiledColumns,
  request: { foreign: ForeignValues; isWhole: boolean },
  schema: ResourceSchema,
): JsonObject {
  let draft = resource;
  for (const column of columns) {
    const { ignore, value, to } = column.mapping;
    let operations: PatchOperation[];
    if (ignore === true) operations = restoring(column, existing);
    else {
      const values =
        value === undefined ? sourceValues(column, resource, request.foreign, request.isWhole) : [value];
      operations = values === undefined ? restoring(column, existing) : filling(column, values);
    }
    if (operations.length === 0) continue;
    try {
      draft = applyPatch(draft, operations, schema);
    } catch (error) {
      if (!(error instanceof ScimError)) throw error;
      throw new ScimError(error.status, error.scimType, `attribute mapping to ${to}: ${error.detail}`);
    }
  }
  return existing && jsonEqual(draft, existing) ? existing : draft;
}
