import type { Attribute } from '../attribute.js';
import { isJsonObject, isUnassigned, readMember } from '../json-value.js';
import { tryPatchPath } from '../path.js';
import type { OperationRewrite, RawOperation } from './rewrite.js';

/**
 * Wrong: `{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "id"}]}` (Entra ID, JumpCloud): by RFC 7644 it empties the
 * group. Right: `{"op": "remove", "path": "members[value eq \"id\"]"}` for each one listed. An empty or unreadable list stays as it is and
 * is refused: nothing is removed. Where the path alone says what to remove, the value is dropped.
 *
 * @see https://github.com/MicrosoftDocs/azure-docs/issues/30826
 */
export const removeWithValue: OperationRewrite = {
  name: 'remove-with-value',
  unit: 'operation-last',
  scimType: 'invalidValue',
  refusal: '"remove" takes no "value": name what to remove in the path',
  correct(operation, { schema }) {
    const { op, path, value } = operation;
    if (op !== 'remove' || value === undefined || typeof path !== 'string') return operation;
    const target = tryPatchPath(path, schema);
    if (target === undefined) return operation;
    const { attribute, filter, sub } = target;
    if (attribute?.multiValued !== true || filter !== undefined || sub !== undefined) return { op, path };
    return removeListed(operation, path, attribute);
  },
};

function removeListed(
  operation: RawOperation,
  path: string,
  attribute: Attribute,
): RawOperation | RawOperation[] {
  const { value } = operation;
  if (isUnassigned(value)) return operation;
  const elements: unknown[] = Array.isArray(value) ? value : [value];
  const filters = elements.map((element) => toFilter(element, attribute));
  return filters.every((filter) => filter !== undefined)
    ? filters.map((filter) => ({ op: 'remove', path: `${path}[${filter}]` }))
    : operation;
}

/** The filter that selects what a client means by this element; undefined when it is unreadable. */
function toFilter(element: unknown, attribute: Attribute): string | undefined {
  if (typeof element === 'string') return comparison('value', element);
  if (!isJsonObject(element)) return undefined;
  const value = readMember(element, 'value');
  if (attribute.valueSub !== undefined && attribute.name === 'members') return textual('value', value);
  const names =
    attribute.valueSub === undefined
      ? (attribute.subAttributes ?? []).filter(({ type }) => type === 'string').map(({ name }) => name)
      : ['value', 'type'];
  const parts = names
    .map((name) => textual(name, readMember(element, name)))
    .filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(' and ');
}

function textual(name: string, value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? comparison(name, value) : undefined;
}

function comparison(name: string, value: string): string {
  return `${name} eq ${JSON.stringify(value)}`;
}
