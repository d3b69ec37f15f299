import { toFailure, type Failure } from './error-response.js';
import type { ScimAnswer, ScimContext, ScimHandler, ScimRequest } from './exchange.js';
import {
  completionOf,
  planBulk,
  resolveReference,
  resolveReferences,
  type BulkStep,
} from './protocol/bulk-references.js';
import {
  isRefusal,
  parseBulkRequest,
  type BulkOperation,
  type BulkRefusal,
} from './protocol/bulk-request.js';
import { toErrorBody } from './protocol/scim-error.js';
import { bulkResponseUrn, patchOpUrn } from './protocol/urns.js';
import { applyDialect } from './dialect.js';
import { resourceMethods, type ResourceMethods } from './resource-methods.js';

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

/** The state of one bulk request on its way. */
class BulkRun {
  readonly #context: ScimContext;
  /** Ids of what was created, by bulkId. */
  readonly #ids = new Map<string, string>();
  readonly results = new Map<number, BulkResult>();
  errors = 0;

  constructor(context: ScimContext) {
    this.#context = context;
  }

  /** Records the fault of an operation that could not be tried. */
  refuse({ index, method, bulkId, error }: BulkRefusal): void {
    this.errors += 1;
    this.results.set(index, {
      method,
      ...(bulkId !== undefined && { bulkId }),
      status: String(error.status),
      response: toErrorBody(error),
    });
  }

  async run(step: BulkStep): Promise<void> {
    const { operation } = step;
    const { core, actor } = this.#context;
    // What failed is not completed.
    if (step.kind === 'complete' && !this.#createdId(operation)) return;
    try {
      const answer = step.kind === 'execute' ? await this.#execute(step) : await this.#complete(step);
      this.#succeed(operation, answer);
    } catch (error) {
      await this.#fail(operation, toFailure(error, core.log, actor.requestId));
    }
  }

  #createdId({ bulkId }: BulkOperation): string | undefined {
    return bulkId === undefined ? undefined : this.#ids.get(bulkId);
  }

  #request(operation: BulkOperation, more: Pick<ScimRequest, 'method' | 'segments' | 'body'>): ScimRequest {
    return { query: {}, ifMatch: operation.version, ifNoneMatch: undefined, ...more };
  }

  async #execute({ operation, withheld }: BulkStep): Promise<ScimAnswer> {
    const { method, endpoint, id, data, bulkId } = operation;
    const segment = endpoint.slice(1);
    const segments = id === undefined ? [segment] : [segment, resolveReference(id, this.#ids)];
    const body = method === 'DELETE' ? undefined : resolveReferences(data, this.#ids, withheld);
    const request = applyDialect(this.#context, this.#request(operation, { method, segments, body }));
    const handle = handlerOf(segment, id === undefined ? 'collection' : 'item', method);
    const answer = await handle(this.#context, request);
    const created = answer.headers?.['Location']?.split('/').at(-1);
    if (created !== undefined && bulkId !== undefined) this.#ids.set(bulkId, created);
    return answer;
  }

  /** Adds what a circle of references kept from a resource at first (RFC 7644 section 3.7.1). */
  async #complete(step: BulkStep): Promise<ScimAnswer> {
    const { operation } = step;
    const segment = operation.endpoint.slice(1);
    const body = { schemas: [patchOpUrn], Operations: completionOf(step, this.#ids) };
    const segments = [segment, this.#createdId(operation) ?? ''];
    const request = this.#request(operation, { method: 'PATCH', segments, body });
    return handlerOf(segment, 'item', 'PATCH')(this.#context, { ...request, ifMatch: undefined });
  }

  #succeed(operation: BulkOperation, { status, headers = {} }: ScimAnswer): void {
    const known = this.results.get(operation.index);
    const version = headers['ETag'];
    this.results.set(operation.index, {
      ...this.#head(operation, known?.location ?? headers['Location'] ?? headers['Content-Location']),
      ...(version !== undefined && { version }),
      status: known?.status ?? String(status),
    });
  }

  async #fail(operation: BulkOperation, failure: Failure): Promise<void> {
    this.errors += 1;
    const created = this.#createdId(operation);
    if (created !== undefined) await this.#takeBack(operation, created);
    this.results.set(operation.index, {
      ...this.#head(operation, undefined),
      status: String(failure.status),
      response: toErrorBody(failure),
    });
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

  /** A POST whose circle could not be closed has failed: what it made goes again. */
  async #takeBack(operation: BulkOperation, id: string): Promise<void> {
    const segment = operation.endpoint.slice(1);
    const request = this.#request(operation, { method: 'DELETE', segments: [segment, id], body: undefined });
    await handlerOf(segment, 'item', 'DELETE')(this.#context, { ...request, ifMatch: undefined });
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
    if (run.errors >= failOnErrors) break;
    await run.run(step);
  }
  refuseUpTo(Infinity);
  context.trace.target = { type: 'Bulk', id: '', label: `${entries.length} operations` };
  const results = [...run.results].sort(([left], [right]) => left - right).map(([, result]) => result);
  return { status: 200, body: JSON.stringify({ schemas: [bulkResponseUrn], Operations: results }) };
}
