import { AppError } from '../../shared/errors.js';
import { cursorTimeoutSeconds } from '../list/cursor.js';
import type { ScimAnswer, ScimContext, ScimRequest } from '../exchange/request.js';
import { toResourceTypes, toSchemaDocuments, toServiceProviderConfig } from '../protocol/discovery.js';
import type { JsonObject } from '../protocol/json-value.js';
import { toListResponse } from '../protocol/list/response.js';
import { ScimError } from '../protocol/scim-error.js';

/** What the documents are made of. */
export type DiscoveryContext = Pick<ScimContext, 'core' | 'schemas' | 'baseUrl'>;

/** Discovery documents are not searched (RFC 7644 section 4). */
function refuseFilter(request: ScimRequest): void {
  if (Object.keys(request.query).some((name) => name.toLowerCase() === 'filter')) {
    throw new ScimError(403, undefined, 'discovery documents take no filter');
  }
}

const answer = (body: unknown): ScimAnswer => ({ status: 200, body: JSON.stringify(body) });

/** One of the documents by its id, without regard to case, or all of them. */
function documentsAnswer(documents: JsonObject[], id: string | undefined): ScimAnswer {
  if (id === undefined) return answer(toListResponse(documents, documents.length, { startIndex: 1 }));
  const found = documents.find((document) => String(document['id']).toLowerCase() === id.toLowerCase());
  if (!found) throw new AppError('route.not_found', `there is no ${id.slice(0, 200)} here`);
  return answer(found);
}

const publicDocuments: ReadonlyMap<string, (context: DiscoveryContext, request: ScimRequest) => ScimAnswer> =
  new Map([
    ['ServiceProviderConfig', readServiceProviderConfig],
    ['Schemas', readSchemas],
    ['ResourceTypes', readResourceTypes],
  ]);

/**
 * What is answered to somebody who shows no token: the discovery documents (RFC 7643 section 5 and RFC 7644 section 4), without anything
 * of a tenant's own.
 *
 * @returns undefined for every other address or method.
 */
export function readPublicly(context: DiscoveryContext, request: ScimRequest): ScimAnswer | undefined {
  const [first = '', ...more] = request.segments;
  const read = request.method === 'GET' ? publicDocuments.get(first) : undefined;
  const most = first === 'ServiceProviderConfig' ? 0 : 1;
  return more.length > most ? undefined : read?.(context, request);
}

/** `GET /ServiceProviderConfig` (RFC 7643 section 5): the limits are those that are enforced. */
export function readServiceProviderConfig(context: DiscoveryContext, request: ScimRequest): ScimAnswer {
  refuseFilter(request);
  const { limits } = context.core.config;
  return answer(
    toServiceProviderConfig({
      baseUrl: context.baseUrl,
      maxOperations: limits.bulkOperations,
      maxPayloadSize: limits.scimBodyBytes,
      maxResults: limits.scimPageMax,
      defaultPageSize: limits.scimPageDefault,
      cursorTimeoutSeconds,
      canChangePassword: true,
    }),
  );
}

/** `GET /Schemas` and `GET /Schemas/{urn}` (RFC 7643 section 7). */
export function readSchemas(context: DiscoveryContext, request: ScimRequest): ScimAnswer {
  refuseFilter(request);
  return documentsAnswer(toSchemaDocuments(context.schemas, context.baseUrl), request.segments[1]);
}

/** `GET /ResourceTypes` and `GET /ResourceTypes/{name}` (RFC 7643 section 6). */
export function readResourceTypes(context: DiscoveryContext, request: ScimRequest): ScimAnswer {
  refuseFilter(request);
  return documentsAnswer(toResourceTypes(context.schemas, context.baseUrl), request.segments[1]);
}
