import { AppError } from '../../shared/errors.js';
import type { ScimAnswer, ScimContext, ScimRequest } from '../exchange/request.js';
import { withoutManagerAddress } from '../derived/managers.js';
import type { JsonObject } from '../protocol/json-value.js';
import { jsonEqual } from '../protocol/json-value.js';
import { ScimError } from '../protocol/scim-error.js';
import { changeUser, getUser, patched, replaced, type Edit } from './routes.js';

/** What people may say about themselves; everything else is their company's or an administrator's to decide. */
const ownAttributes: ReadonlySet<string> = new Set([
  'addresses',
  'displayName',
  'ims',
  'locale',
  'name',
  'nickName',
  'phoneNumbers',
  'photos',
  'preferredLanguage',
  'profileUrl',
  'timezone',
]);

const made: ReadonlySet<string> = new Set(['meta', 'schemas']);

function requireOwnAttributes(before: JsonObject, after: JsonObject): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (ownAttributes.has(name) || made.has(name) || jsonEqual(before[name], after[name])) continue;
    throw new ScimError(403, 'mutability', `"${name}" is not yours to change`);
  }
}

/**
 * `/Me`: the person an access token belongs to, answered directly; `meta.location` is the permanent address (RFC 7644 section 3.11).
 *
 * @throws AppError `route.not_found` for directory tokens: no person stands behind them; `auth.forbidden` for DELETE.
 */
export async function me(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  if (context.userId === null) {
    throw new AppError(
      'route.not_found',
      'the token of a directory belongs to no person; /Me takes an access token',
    );
  }
  const own: ScimRequest = { ...request, segments: ['Users', context.userId] };
  if (request.method === 'GET') return getUser(context, own);
  if (request.method === 'DELETE') throw new AppError('auth.forbidden', 'people do not delete themselves');
  const edit: Edit = request.method === 'PUT' ? replaced(context, request) : patched(context, request);
  return changeUser(context, own, (before) => {
    const after = withoutManagerAddress(edit(before), context.baseUrl);
    requireOwnAttributes(before, after);
    return after;
  });
}
