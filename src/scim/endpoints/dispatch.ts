import { AppError } from '../../shared/errors.js';
import { bulk } from './bulk-routes.js';
import { readResourceTypes, readSchemas, readServiceProviderConfig } from './discovery-routes.js';
import { MethodNotAllowed } from '../exchange/error-response.js';
import type { ScimAnswer, ScimContext, ScimRequest } from '../exchange/request.js';
import { me } from '../users/me-routes.js';
import { ScimError } from '../protocol/scim-error.js';
import { resourceMethods, type Methods } from './resource-methods.js';
import { searchEverything } from './search-routes.js';

const notFound = (): AppError => new AppError('route.not_found', 'there is no such SCIM endpoint');

const root: Methods = { GET: searchEverything };
const schemas: Methods = { GET: readSchemas };
const resourceTypes: Methods = { GET: readResourceTypes };

/** Addresses of one segment. */
const single: ReadonlyMap<string, Methods> = new Map<string, Methods>([
  ['.search', { POST: searchEverything }],
  ['Bulk', { POST: bulk }],
  ['Me', { GET: me, PUT: me, PATCH: me, DELETE: me }],
  ['ResourceTypes', resourceTypes],
  ['Schemas', schemas],
  ['ServiceProviderConfig', { GET: readServiceProviderConfig }],
]);

/** Addresses of two segments that are no resources. */
const documents: ReadonlyMap<string, Methods> = new Map([
  ['ResourceTypes', resourceTypes],
  ['Schemas', schemas],
]);

function methodsAt([first, second, ...more]: readonly string[]): Methods {
  if (first === undefined) return root;
  if (more.length > 0) throw notFound();
  const resource = resourceMethods.get(first);
  if (resource) {
    if (second === undefined) return resource.collection;
    return second === '.search' ? resource.search : resource.item;
  }
  const methods = second === undefined ? single.get(first) : documents.get(first);
  if (!methods) throw notFound();
  return methods;
}

/** What an access token of a person opens beside `/Me`: nothing that speaks of others. */
const openToPeople: ReadonlySet<string> = new Set([
  'Me',
  'ResourceTypes',
  'Schemas',
  'ServiceProviderConfig',
]);

/**
 * Runs one SCIM request: finds its handler by path and method.
 *
 * @throws whatever the handler throws; AppError `route.not_found` for unknown addresses; {@link MethodNotAllowed}.
 */
export async function dispatch(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const [first] = request.segments;
  if (first !== undefined && /^v(?!2$)\d+(\.\d+)?$/i.test(first)) {
    throw new ScimError(400, 'invalidVers', `this server speaks v2 alone, not ${first}`);
  }
  const methods = methodsAt(request.segments);
  if (context.userId !== null && !openToPeople.has(first ?? '')) {
    throw new AppError('auth.forbidden', 'an access token opens /Me and nothing else');
  }
  const handler = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (!handler) throw new MethodNotAllowed(request.method, Object.keys(methods));
  return handler(context, request);
}
