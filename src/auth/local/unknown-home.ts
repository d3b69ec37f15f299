import { createHmac } from 'node:crypto';
import type { Core } from '../../identity/core.js';
import type { EmailAddress } from '../../identity/email.js';
import { findConnectionByDomain } from '../../identity/sso/by-domain.js';
import { isInScope, ofTenants, type SignInScope } from '../sign-in-scope.js';

/** Stands for a tenant where there is none. */
export const serverScope = 'server';
/** So many tenants are looked at for one that lends its rules. */
const maxTenants = 100;

/**
 * One of several tenants, the same for an address each time: by a keyed hash, so that nobody can tell beforehand which. A tenant that is
 * new changes the choice of few addresses.
 */
export function chooseTenant(
  core: Core,
  email: EmailAddress,
  tenantIds: readonly string[],
): string | undefined {
  const key = core.secretBox.derive('home-of-unknown');
  const rankOf = (tenantId: string): string =>
    createHmac('sha256', key).update(`${tenantId} ${email.key}`).digest('hex');
  return tenantIds
    .map((tenantId) => ({ tenantId, rank: rankOf(tenantId) }))
    .reduce<{ tenantId: string; rank: string } | undefined>(
      (best, next) => (best === undefined || next.rank > best.rank ? next : best),
      undefined,
    )?.tenantId;
}

/** Those of the meant tenants that have people, or a company's sign-in, on a domain. */
async function tenantsOfDomain(core: Core, domain: string, scope: SignInScope): Promise<string[]> {
  const { server } = core.store;
  const [people, connection] = await Promise.all([
    server.collection('address_domains').find({ domain, ...ofTenants(scope) }, { limit: maxTenants }),
    findConnectionByDomain(core, domain),
  ]);
  const ids = [...people.map(({ tenantId }) => tenantId), ...(connection ? [connection.tenantId] : [])];
  return [...new Set(ids)].filter((id) => isInScope(scope, id));
}

/** Some of the meant tenants. */
async function someTenants(core: Core, scope: SignInScope): Promise<string[]> {
  const tenants = core.store.server.collection('tenants');
  return (await tenants.find(ofTenants(scope, '_id'), { limit: maxTenants, fields: [] })).map(
    ({ _id }) => _id,
  );
}

/**
 * The tenant whose rules hold at an address nobody has: one that has people on its domain, as they are whom somebody would compare it with;
 * else any.
 *
 * @param scope - the tenants that the sign-in is for: no other lends its rules.
 */
export async function homeOfUnknown(core: Core, email: EmailAddress, scope: SignInScope): Promise<string> {
  const ofDomain = chooseTenant(core, email, await tenantsOfDomain(core, email.domain, scope));
  return ofDomain ?? chooseTenant(core, email, await someTenants(core, scope)) ?? serverScope;
}
