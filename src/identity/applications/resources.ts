import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import { hashToken } from '../../shared/ids.js';
import { serverOwner } from '../tenants/server-applications.js';

type Resourceful = Pick<ApplicationDocument, 'resources'>;

/** Scopes that mean something at the provider itself. */
const ownScopes = /^(?:openid|email|profile|roles|groups|offline_access|address|phone|scim.*)$/;

/** Two ways to write one API's identifier are one API: a slash at the end makes no difference. */
const ownedAs = (resource: string): string => resource.replace(/\/$/, '');

/** RFC 8707 section 2: an absolute URI without a fragment, written in one way only; not one of this server's own addresses. */
function identifierFault(baseUrl: string, resource: string): string | undefined {
  let url: URL;
  try {
    url = new URL(resource);
  } catch {
    return 'must be an absolute URI, like https://api.example.com';
  }
  if (!/^(?:https?|api|urn):$/.test(url.protocol)) return 'must begin with https://, http://, api:// or urn:';
  if (resource.includes('#')) return 'must not have a fragment';
  if (url.username || url.password) return 'must not hold a user or a password';
  if (ownedAs(url.href) !== ownedAs(resource)) return `must be written as ${ownedAs(url.href)}`;
  return url.origin === new URL(baseUrl).origin ? 'must not be an address of this server' : undefined;
}

function scopeFault(scope: string): string | undefined {
  if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)) return 'must be visible ASCII characters without " and \\';
  return ownScopes.test(scope) ? 'is a scope of the OpenID provider' : undefined;
}

/** What is wrong with the APIs of an application. */
export function resourceFaults(baseUrl: string, { resources = [] }: Resourceful): InputFault[] {
  return resources.flatMap(({ resource, scopes }, index) => {
    const isTwice = resources.findIndex((one) => ownedAs(one.resource) === ownedAs(resource)) < index;
    const detail = isTwice ? 'is there twice' : identifierFault(baseUrl, resource);
    return [
      ...(detail === undefined ? [] : [{ pointer: `/resources/${index}/resource`, detail }]),
      ...scopes.flatMap((scope, place) => {
        const fault = scopeFault(scope);
        return fault === undefined ? [] : [{ pointer: `/resources/${index}/scopes/${place}`, detail: fault }];
      }),
    ];
  });
}

const names = ({ resources = [] }: Resourceful, resource: string): boolean =>
  resources.some((one) => ownedAs(one.resource) === ownedAs(resource));

/**
 * An API belongs to one owner: it tells tokens apart by their audience alone, so nobody else may get tokens for it. Two transactions that
 * take the same one meet at its record.
 *
 * @throws AppError `application.resource_taken`.
 */
export function* requireFreeResources(
  tx: Transaction,
  application: Pick<ApplicationDocument, 'tenantId' | 'resources'>,
  before?: Resourceful,
): Step<void> {
  const keys = tx.server.collection('application_keys');
  const { tenantId: owner, resources = [] } = application;
  for (const [index, { resource }] of resources.entries()) {
    if (before && names(before, resource)) continue;
    const _id = hashToken(`resource ${ownedAs(resource)}`);
    const known = yield* keys.get(_id);
    if (known?.owner !== undefined && known.owner !== owner) {
      const others = yield* tx.tenant(known.owner).collection('applications').find({});
      if (others.some((other) => names(other, resource))) {
        const detail = 'another owner has registered this API';
        throw new AppError('application.resource_taken', detail, {
          errors: [{ pointer: `/resources/${index}/resource`, detail }],
        });
      }
    }
    if (known) yield* keys.update(_id, (stored) => ({ ...stored, owner }));
    else yield* keys.insert({ _id, tenantId: serverOwner, owner });
  }
}
