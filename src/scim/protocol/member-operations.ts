import type { ResourceSchema } from './attribute.js';
import { findAttribute } from './attribute.js';
import type { FilterNode } from './filter.js';
import { isJsonObject, isUnassigned, readMember, without } from './json-value.js';
import type { PatchOperation } from './patch-request.js';
import { parsePatchPath } from './path.js';
import { badRequest } from './scim-error.js';

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
  const fold = new MemberFold();
  for (const operation of operations) {
    const rest = operation.path === undefined ? takeFromObject(operation, fold, schema) : operation;
    if (rest === undefined) continue;
    const outcome = rest.path === undefined ? 'other' : takeFromPath(rest, rest.path, fold, schema);
    if (outcome === 'needs members') return { operations, members: undefined, needsMembers: true };
    if (outcome === 'other') others.push(rest);
  }
  return { operations: others, members: fold.result(), needsMembers: false };
}

/** The running sum of membership operations. */
class MemberFold {
  #isTouched = false;
  #replaceWith: Set<string> | undefined;
  readonly #add = new Set<string>();
  readonly #remove = new Set<string>();

  replace(ids: readonly string[]): void {
    this.#isTouched = true;
    this.#replaceWith = new Set(ids);
    this.#add.clear();
    this.#remove.clear();
  }

  add(ids: readonly string[]): void {
    this.#isTouched = true;
    for (const id of ids) {
      if (this.#replaceWith !== undefined) this.#replaceWith.add(id);
      else {
        this.#add.add(id);
        this.#remove.delete(id);
      }
    }
  }

  remove(ids: readonly string[]): void {
    this.#isTouched = true;
    for (const id of ids) {
      if (this.#replaceWith !== undefined) this.#replaceWith.delete(id);
      else {
        this.#remove.add(id);
        this.#add.delete(id);
      }
    }
  }

  result(): MemberChange | undefined {
    if (!this.#isTouched) return undefined;
    return {
      replaceWith: this.#replaceWith && [...this.#replaceWith],
      add: [...this.#add],
      remove: [...this.#remove],
    };
  }
}

/** A path-less operation without its `members`; undefined when nothing else is in it. */
function takeFromObject(
  operation: PatchOperation,
  fold: MemberFold,
  schema: ResourceSchema,
): PatchOperation | undefined {
  if (!isJsonObject(operation.value)) return operation;
  const key = Object.keys(operation.value).find(
    (name) => findAttribute(schema.attributes, name)?.name === 'members',
  );
  if (key === undefined) return operation;
  changeAll(operation.op, operation.value[key], fold);
  const value = without(operation.value, key);
  return Object.keys(value).length === 0 ? undefined : { ...operation, value };
}

function takeFromPath(
  { op, value }: PatchOperation,
  path: string,
  fold: MemberFold,
  schema: ResourceSchema,
): 'taken' | 'other' | 'needs members' {
  const target = parsePatchPath(path, schema);
  if (target.extension !== undefined || target.attribute?.name !== 'members') return 'other';
  if (target.filter === undefined && target.sub === undefined) {
    if (op === 'remove' && value !== undefined) {
      throw badRequest('invalidValue', '"remove" of "members" takes no "value": name the member in the path');
    }
    changeAll(op, value, fold);
    return 'taken';
  }
  const ids = target.filter === undefined ? undefined : idsOf(target.filter);
  if (op !== 'remove' || target.sub !== undefined || ids === undefined) return 'needs members';
  fold.remove(ids);
  return 'taken';
}

function changeAll(op: PatchOperation['op'], value: unknown, fold: MemberFold): void {
  if (op === 'add') fold.add(readIds(value));
  else fold.replace(op === 'remove' ? [] : readIds(value));
}

function readIds(value: unknown): string[] {
  if (isUnassigned(value)) return [];
  const members: unknown[] = Array.isArray(value) ? value : [value];
  return members.filter((member) => member !== null).map(readId);
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
