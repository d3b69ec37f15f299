import type { ResourceSchema } from '../attribute.js';
import { findAttribute } from '../attribute.js';
import type { FilterNode } from '../filter/filter.js';
import { isJsonObject, isUnassigned, readMember, without } from '../json-value.js';
import type { PatchOperation } from './request.js';
import { parsePatchPath } from '../path.js';
import { badRequest } from '../scim-error.js';

/** A change of membership by ids: `replaceWith` first (undefined: keep the present members), then `add` and `remove`, which are disjoint. */
export interface MemberChange {
  readonly replaceWith: readonly string[] | undefined;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export interface MemberSplit {
  /** The operations on everything else, in their order: for `applyPatch`. */
  readonly operations: readonly PatchOperation[];
  /** undefined: no operation names members. */
  readonly members: MemberChange | undefined;
  /** An operation selects members by more than their id: load them and give all operations to `applyPatch`. */
  readonly needsMembers: boolean;
}

/**
 * Takes the membership out of a group's PATCH, so that a group of any size is changed without loading its members.
 *
 * Later operations win over earlier ones on the same member, as if they were applied in order.
 *
 * @throws ScimError invalidValue for a member without a usable `value`, and what the path parser throws.
 */
export function splitMemberOperations(
  operations: readonly PatchOperation[],
  schema: ResourceSchema,
): MemberSplit {
  const others: PatchOperation[] = [];
  const sum: MemberSum = { isTouched: false, replaceWith: undefined, add: new Set(), remove: new Set() };
  for (const operation of operations) {
    const rest = operation.path === undefined ? takeFromObject(operation, sum, schema) : operation;
    if (rest === undefined) continue;
    const outcome = rest.path === undefined ? 'other' : takeFromPath(rest, rest.path, sum, schema);
    if (outcome === 'needs members') return { operations, members: undefined, needsMembers: true };
    if (outcome === 'other') others.push(rest);
  }
  return { operations: others, members: toChange(sum), needsMembers: false };
}

/** The running sum of membership operations. */
interface MemberSum {
  isTouched: boolean;
  replaceWith: Set<string> | undefined;
  readonly add: Set<string>;
  readonly remove: Set<string>;
}

function replaceMembers(sum: MemberSum, ids: readonly string[]): void {
  sum.isTouched = true;
  sum.replaceWith = new Set(ids);
  sum.add.clear();
  sum.remove.clear();
}

function addMembers(sum: MemberSum, ids: readonly string[]): void {
  sum.isTouched = true;
  for (const id of ids) {
    (sum.replaceWith ?? sum.add).add(id);
    sum.remove.delete(id);
  }
}

function removeMembers(sum: MemberSum, ids: readonly string[]): void {
  sum.isTouched = true;
  for (const id of ids) {
    if (sum.replaceWith === undefined) sum.remove.add(id);
    (sum.replaceWith ?? sum.add).delete(id);
  }
}

function toChange(sum: MemberSum): MemberChange | undefined {
  if (!sum.isTouched) return undefined;
  return {
    replaceWith: sum.replaceWith && [...sum.replaceWith],
    add: [...sum.add],
    remove: [...sum.remove],
  };
}

/** A path-less operation without its `members`; undefined when nothing else is in it. */
function takeFromObject(
  operation: PatchOperation,
  sum: MemberSum,
  schema: ResourceSchema,
): PatchOperation | undefined {
  if (!isJsonObject(operation.value)) return operation;
  const key = Object.keys(operation.value).find(
    (name) => findAttribute(schema.attributes, name)?.name === 'members',
  );
  if (key === undefined) return operation;
  changeAll(operation.op, operation.value[key], sum);
  const value = without(operation.value, key);
  return Object.keys(value).length === 0 ? undefined : { ...operation, value };
}

function takeFromPath(
  { op, value }: PatchOperation,
  path: string,
  sum: MemberSum,
  schema: ResourceSchema,
): 'taken' | 'other' | 'needs members' {
  const target = parsePatchPath(path, schema);
  if (target.extension !== undefined || target.attribute?.name !== 'members') return 'other';
  if (target.filter === undefined && target.sub === undefined) {
    if (op === 'remove' && value !== undefined) {
      throw badRequest('invalidValue', '"remove" of "members" takes no "value": name the member in the path');
    }
    changeAll(op, value, sum);
    return 'taken';
  }
  const ids = target.filter === undefined ? undefined : idsOf(target.filter);
  if (op !== 'remove' || target.sub !== undefined || ids === undefined) return 'needs members';
  removeMembers(sum, ids);
  return 'taken';
}

function changeAll(op: PatchOperation['op'], value: unknown, sum: MemberSum): void {
  if (op === 'add') addMembers(sum, readIds(value));
  else replaceMembers(sum, op === 'remove' ? [] : readIds(value));
}

function readIds(value: unknown): string[] {
  if (isUnassigned(value)) return [];
  const members: unknown[] = Array.isArray(value) ? value : [value];
  return members.map(readId);
}

function readId(member: unknown): string {
  const id = isJsonObject(member) ? readMember(member, 'value') : undefined;
  if (typeof id !== 'string' || id === '') {
    throw badRequest('invalidValue', 'every one of "members" must be an object with the "value" of a member');
  }
  return id;
}

/** The ids of `value eq "a"`, or of several such comparisons joined by `or`; undefined for any other filter. */
function idsOf(filter: FilterNode): string[] | undefined {
  if (filter.op === 'eq') {
    return filter.path.attribute.name === 'value' ? [String(filter.value)] : undefined;
  }
  if (filter.op !== 'or') return undefined;
  const parts = filter.filters.map(idsOf);
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}
