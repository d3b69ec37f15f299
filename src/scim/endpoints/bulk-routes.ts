import { toFailure, type Failure } from '../exchange/error-response.js';
import type { ScimAnswer, ScimContext, ScimHandler, ScimRequest } from '../exchange/request.js';
import {
  completionOf,
  planBulk,
  refersTo,
  resolveReference,
  resolveReferences,
  type BulkStep,
} from '../protocol/bulk/references.js';
import {
  isRefusal,
  parseBulkRequest,
  type BulkOperation,
  type BulkRefusal,
} from '../protocol/bulk/request.js';
import { toErrorBody } from '../protocol/scim-error.js';
import { bulkResponseUrn, patchOpUrn } from '../protocol/urns.js';
import { applyDialect } from '../exchange/dialect.js';
import { resourceMethods, type ResourceMethods } from './resource-methods.js';
import { newTrace, type Trace, type TracedOperation } from '../exchange/trace.js';

interface BulkHead {
  method: string;
  bulkId?: string;
  location?: string;
}

/** One entry of a BulkResponse (RFC 7644 section 3.7.3). */
interface BulkResult extends BulkHead {
  version?: string;
  status: string;
  response?: unknown;
}

function handlerOf(segment: string, place: keyof ResourceMethods, method: string): ScimHandler {
  const handler = resourceMethods.get(segment)?.[place][method];
  if (!handler) throw new Error(`no handler for ${method} of ${segment}`);
  return handler;
}

/** Where an operation goes, as the request log names it. */
function pathOf({ endpoint, id }: BulkOperation): string {
  return id === undefined ? endpoint : `${endpoint}/${id}`;
}

function conflict(detail: string): Failure {
  return { status: 409, scimType: undefined, detail, code: null, headers: {} };
}

/** What was wrong with the second half of a creation: its circle of references cannot be resolved (RFC 7644 section 3.7.1). */
function unclosable(failure: Failure): Failure {
  return failure.status >= 500
    ? failure
    : conflict(`the circle of references cannot be closed: ${failure.detail}`);
}

/** The state of one bulk request on its way. */
class BulkRun {
  readonly #context: ScimContext;
  /** Ids of what was created, by bulkId. */
  readonly #ids = new Map<string, string>();
  /** The operations that created them. */
  readonly #creations: BulkOperation[] = [];
  readonly results = new Map<number, BulkResult>();
  /** What the request log will tell of each operation. */
  readonly traced = new Map<number, TracedOperation>();
  errors = 0;

  constructor(context: ScimContext) {
    this.#context = context;
  }

  /** Records the fault of an operation that could not be tried. */
  refuse({ index, method, bulkId, path, error }: BulkRefusal): void {
    this.errors += 1;
    const { status, scimType, detail } = error;
    const failure = { status, scimType, detail, code: null, headers: {} };
    this.traced.set(index, { method, path, status, failure, trace: newTrace() });
    this.results.set(index, {
      method,
      ...(bulkId !== undefined && { bulkId }),
      status: String(status),
      response: toErrorBody(error),
    });
  }

  async run(step: BulkStep): Promise<void> {
    const { operation } = step;
    const { core, actor } = this.#context;
    // What failed is not completed.
    if (step.kind === 'complete' && !this.#createdId(operation)) return;
    const trace = this.traced.get(operation.index)?.trace ?? newTrace();
    const context = { ...this.#context, trace };
    try {
      const answer = await (step.kind === 'execute'
        ? this.#execute(step, context)
        : this.#complete(step, context));
      this.#succeed(operation, answer, trace);
    } catch (error) {
      const failure = toFailure(error, core.log, actor.requestId);
      await this.#fail(operation, step.kind === 'execute' ? failure : unclosable(failure), trace);
    }
  }

  #createdId({ bulkId }: BulkOperation): string | undefined {
    return bulkId === undefined ? undefined : this.#ids.get(bulkId);
  }

  #request(operation: BulkOperation, more: Pick<ScimRequest, 'method' | 'segments' | 'body'>): ScimRequest {
    return { query: {}, ifMatch: operation.version, ifNoneMatch: undefined, ...more };
  }

  async #execute({ operation, withheld }: BulkStep, context: ScimContext): Promise<ScimAnswer> {
    const { method, endpoint, id, data, bulkId } = operation;
    const segment = endpoint.slice(1);
    const segments = id === undefined ? [segment] : [segment, resolveReference(id, this.#ids)];
    const body = method === 'DELETE' ? undefined : resolveReferences(data, this.#ids, withheld);
    const request = applyDialect(context, this.#request(operation, { method, segments, body }));
    const handle = handlerOf(segment, id === undefined ? 'collection' : 'item', method);
    const answer = await handle(context, request);
    const created = answer.headers?.['Location']?.split('/').at(-1);
    if (created !== undefined && bulkId !== undefined) {
      this.#ids.set(bulkId, created);
      this.#creations.push(operation);
    }
    return answer;
  }

  /** Adds what a circle of references kept from a resource at first (RFC 7644 section 3.7.1). */
  async #complete(step: BulkStep, context: ScimContext): Promise<ScimAnswer> {
    const { operation } = step;
    const segment = operation.endpoint.slice(1);
    const body = { schemas: [patchOpUrn], Operations: completionOf(step, this.#ids) };
    const segments = [segment, this.#createdId(operation) ?? ''];
    const request = this.#request(operation, { method: 'PATCH', segments, body });
    return handlerOf(segment, 'item', 'PATCH')(context, { ...request, ifMatch: undefined });
  }

  #succeed(operation: BulkOperation, { status, headers = {} }: ScimAnswer, trace: Trace): void {
    const { index, method } = operation;
    const known = this.results.get(index);
    const version = headers['ETag'];
    const final = Number(known?.status ?? status);
    this.traced.set(index, { method, path: pathOf(operation), status: final, failure: null, trace });
    this.results.set(index, {
      ...this.#head(operation, known?.location ?? headers['Location'] ?? headers['Content-Location']),
      ...(version !== undefined && { version }),
      status: String(final),
    });
  }

  /** A creation that failed in its second half is undone, and what refers to it has failed as well. */
  async #fail(operation: BulkOperation, failure: Failure, trace: Trace): Promise<void> {
    const { index, method, bulkId } = operation;
    const { status } = failure;
    this.errors += 1;
    const created = this.#createdId(operation);
    if (created !== undefined) await this.#takeBack(operation, created);
    this.traced.set(index, { method, path: pathOf(operation), status, failure, trace });
    this.results.set(index, {
      ...this.#head(operation, undefined),
      status: String(status),
      response: toErrorBody(failure),
    });
    if (created === undefined || bulkId === undefined) return;
    for (const other of this.#creations) {
      if (!refersTo(other, bulkId) || !this.#createdId(other)) continue;
      const detail = `"bulkId:${bulkId.slice(0, 200)}" refers to a resource that was not created`;
      await this.#fail(other, conflict(detail), this.traced.get(other.index)?.trace ?? newTrace());
    }
  }

  /** What every entry says; a POST that failed has no location. */
  #head({ method, bulkId, endpoint, id = '' }: BulkOperation, location: string | undefined): BulkHead {
    const known = id.startsWith('bulkId:') ? this.#ids.get(id.slice(7)) : id;
    const own = known === '' ? undefined : `${this.#context.baseUrl}${endpoint}/${known ?? id}`;
    const place = location ?? own;
    return {
      method,
      ...(bulkId !== undefined && { bulkId }),
      ...(place !== undefined && { location: place }),
    };
  }

  async #takeBack(operation: BulkOperation, id: string): Promise<void> {
    const trace = newTrace();
    const context = { ...this.#context, trace };
    const segment = operation.endpoint.slice(1);
    const request = this.#request(operation, { method: 'DELETE', segments: [segment, id], body: undefined });
    await handlerOf(segment, 'item', 'DELETE')(context, { ...request, ifMatch: undefined });
    if (operation.bulkId !== undefined) this.#ids.delete(operation.bulkId);
  }
}

/** `POST /Bulk` (RFC 7644 section 3.7): each operation is a request of its own, with the same rights and the same checks. */
export async function bulk(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { limits } = context.core.config;
  const { entries, failOnErrors = Infinity } = parseBulkRequest(request.body, context.schemas, {
    maxOperations: limits.bulkOperations,
  });
  const run = new BulkRun(context);
  const refusals = entries.filter(isRefusal);
  const refuseUpTo = (index: number): void => {
    while (refusals[0] && refusals[0].index < index && run.errors < failOnErrors) {
      const refusal = refusals.shift();
      if (refusal) run.refuse(refusal);
    }
  };
  for (const step of planBulk(entries.filter((entry): entry is BulkOperation => !isRefusal(entry)))) {
    refuseUpTo(step.operation.index);
    // What was begun is brought to its end: the second half of a creation, or its undoing.
    if (run.errors >= failOnErrors && step.kind === 'execute') continue;
    await run.run(step);
  }
  refuseUpTo(Infinity);
  const inOrder = <T>(entries: ReadonlyMap<number, T>): T[] =>
    [...entries].sort(([left], [right]) => left - right).map(([, entry]) => entry);
  const operations = inOrder(run.traced);
  context.trace.operations.push(...operations);
  context.trace.deviations.push(...operations.flatMap(({ trace }) => trace.deviations));
  context.trace.target = { type: 'Bulk', id: '', label: `${entries.length} operations` };
  const body = { schemas: [bulkResponseUrn], Operations: inOrder(run.results) };
  return { status: 200, body: JSON.stringify(body) };
}
