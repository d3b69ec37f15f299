import type { BulkOperation } from './request.js';
import { isJsonObject } from '../json-value.js';
import type { PatchOperation } from '../patch/request.js';
import { ScimError } from '../scim-error.js';

/**
 * One step of a bulk request's execution. `withheld` are references of `operation` to resources that do not exist yet because the
 * references form a circle (RFC 7644 section 3.7.1): `execute` leaves them out, `complete` adds them once they exist.
 */
export interface BulkStep {
  readonly kind: 'execute' | 'complete';
  readonly operation: BulkOperation;
  readonly withheld: ReadonlySet<string>;
}

const prefix = 'bulkId:';
type Needs = ReadonlySet<string>;

/** SCIM data is shallow; what hides deeper is no reference. */
const maxDepth = 12;

/**
 * Orders operations so that each reference is resolved when it is needed: the client's order, but for operations that refer to later ones.
 */
export function planBulk(operations: readonly BulkOperation[]): BulkStep[] {
  const created = new Set(
    operations.flatMap(({ method, bulkId }) => (method === 'POST' && bulkId !== undefined ? [bulkId] : [])),
  );
  const pending = new Map(operations.map((operation) => [operation, needsOf(operation, created)]));
  const incomplete: { operation: BulkOperation; withheld: Set<string> }[] = [];
  const steps: BulkStep[] = [];
  const done = new Set<string>();
  for (let next = nextOf(pending, done); next !== undefined; next = nextOf(pending, done)) {
    const [operation, needs] = next;
    const withheld = new Set([...needs].filter((bulkId) => !done.has(bulkId)));
    pending.delete(operation);
    steps.push({ kind: 'execute', operation, withheld });
    if (operation.method === 'POST' && operation.bulkId !== undefined) done.add(operation.bulkId);
    if (withheld.size > 0) incomplete.push({ operation, withheld });
    for (const entry of incomplete.filter((waiting) => [...waiting.withheld].every((id) => done.has(id)))) {
      incomplete.splice(incomplete.indexOf(entry), 1);
      steps.push({ kind: 'complete', ...entry });
    }
  }
  return steps;
}

/** The first operation that has all it needs; in a circle the first POST, which can do without for now. */
function nextOf(pending: ReadonlyMap<BulkOperation, Needs>, done: Needs): [BulkOperation, Needs] | undefined {
  const waiting = [...pending];
  const ready = waiting.find(([, needs]) => [...needs].every((bulkId) => done.has(bulkId)));
  return ready ?? waiting.find(([{ method }]) => method === 'POST');
}

function needsOf(operation: BulkOperation, created: ReadonlySet<string>): Set<string> {
  const references = new Set<string>();
  collect(operation.data, references, 0);
  if (operation.id?.startsWith(prefix) === true) references.add(operation.id.slice(prefix.length));
  return new Set([...references].filter((bulkId) => created.has(bulkId)));
}

/** Whether an operation names the resource that another one makes. */
export function refersTo(operation: BulkOperation, bulkId: string): boolean {
  return needsOf(operation, new Set([bulkId])).size > 0;
}

function collect(value: unknown, references: Set<string>, depth: number): void {
  if (typeof value === 'string' && value.startsWith(prefix)) references.add(value.slice(prefix.length));
  if (typeof value !== 'object' || value === null || depth > maxDepth) return;
  for (const inner of Object.values(value)) collect(inner, references, depth + 1);
}

/**
 * Puts ids in the place of `bulkId:` references.
 *
 * @param ids - bulkId -> id of the resources created so far.
 * @param withheld - references to leave out instead, with the element or member that holds them.
 * @throws ScimError 409 for a reference to a resource that was not created in this request.
 */
export function resolveReferences(
  data: BulkOperation['data'],
  ids: ReadonlyMap<string, string>,
  withheld: ReadonlySet<string> = new Set(),
): unknown {
  return resolve(data, ids, withheld, 0);
}

/** @throws ScimError 409; see {@link resolveReferences}. */
export function resolveReference(id: string, ids: ReadonlyMap<string, string>): string {
  if (!id.startsWith(prefix)) return id;
  const resolved = ids.get(id.slice(prefix.length));
  if (resolved === undefined) {
    throw new ScimError(409, undefined, `"${id.slice(0, 200)}" refers to a resource that was not created`);
  }
  return resolved;
}

function resolve(
  value: unknown,
  ids: ReadonlyMap<string, string>,
  withheld: ReadonlySet<string>,
  depth: number,
): unknown {
  if (typeof value === 'string') return resolveReference(value, ids);
  if (typeof value !== 'object' || value === null || depth > maxDepth) return value;
  if (Array.isArray(value)) {
    return value
      .filter((element) => !isWithheld(element, withheld))
      .map((element: unknown) => resolve(element, ids, withheld, depth + 1));
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => !isWithheld(inner, withheld))
      .map(([name, inner]) => [name, resolve(inner, ids, withheld, depth + 1)]),
  );
}

/** The reference itself, or an object that contains it (`{value: "bulkId:x"}`). */
function isWithheld(value: unknown, withheld: ReadonlySet<string>): boolean {
  if (withheld.size === 0) return false;
  const reference = isJsonObject(value) ? value['value'] : value;
  return (
    typeof reference === 'string' &&
    reference.startsWith(prefix) &&
    withheld.has(reference.slice(prefix.length))
  );
}

/** The PATCH that gives a created resource the references that were withheld from it. */
export function completionOf(step: BulkStep, ids: ReadonlyMap<string, string>): PatchOperation[] {
  const value = Object.fromEntries(
    Object.entries(step.operation.data)
      .filter(([, inner]) => mentions(inner, step.withheld))
      .map(([name, inner]) => [name, resolve(inner, ids, new Set(), 1)]),
  );
  return [{ op: 'add', path: undefined, value }];
}

function mentions(value: unknown, withheld: ReadonlySet<string>): boolean {
  const references = new Set<string>();
  collect(value, references, 1);
  return [...references].some((bulkId) => withheld.has(bulkId));
}
