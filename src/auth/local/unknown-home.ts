import { createHmac } from 'node:crypto';
import type { Core } from '../../identity/core.js';
import type { EmailAddress } from '../../identity/email.js';

/** Stands for a tenant where there is none. */
export const serverScope = 'server';
/** So many tenants are looked at for one that lends its rules. */
const mostTenants = 100;

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

/** The tenants that have people, or a company's sign-in, on a domain. */
async function tenantsOfDomain(core: Core, domain: string): Promise<string[]> {
  const { server } = core.store;
  const [people, connection] = await Promise.all([
    server.collection('address_domains').find({ domain }, { limit: mostTenants }),
    server.collection('sso_connections').findOne({ verifiedDomains: domain }),
  ]);
  const ids = [...people.map(({ tenantId }) => tenantId), ...(connection ? [connection.tenantId] : [])];
  return [...new Set(ids)];
}

/**
 * The tenant whose rules hold at an address nobody has: one that has people on its domain, as they are whom somebody would compare it with;
 * else any.
 */
export async function homeOfUnknown(core: Core, email: EmailAddress): Promise<string> {
  const ofDomain = chooseTenant(core, email, await tenantsOfDomain(core, email.domain));
  if (ofDomain !== undefined) return ofDomain;
  const tenants = await core.store.server.collection('tenants').find({}, { limit: mostTenants, fields: [] });
  return (
    chooseTenant(
      core,
      email,
      tenants.map(({ _id }) => _id),
    ) ?? serverScope
  );
}
