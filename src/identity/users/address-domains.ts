import type { Core } from '../core.js';
import type { Query, Store, Step, Transaction } from '../../persistence/store.js';
import { parseEmail } from '../email.js';
import { service } from '../../shared/services.js';

/** Most people of a tenant share a few domains. By store: what a dry run of the same server writes is undone. */
const seenIn = service(() => new WeakMap<Store, Set<string>>());
const maxRemembered = 10_000;

function seenDomains(core: Core): Set<string> {
  const known = seenIn(core).get(core.store) ?? new Set();
  if (known.size > maxRemembered) known.clear();
  seenIn(core).set(core.store, known);
  return known;
}

/**
 * Notes in which tenants a domain has people. A sign-in with an address nobody has behaves as one of them would; it may not show which
 * addresses there are.
 */
export function* noteDomains(
  core: Core,
  tx: Transaction,
  tenantId: string,
  loginKeys: readonly string[],
): Step<void> {
  const seen = seenDomains(core);
  const domains = new Set(loginKeys.map((key) => parseEmail(key)?.domain));
  for (const domain of domains) {
    const id = `${tenantId}:${domain ?? ''}`;
    if (domain === undefined || seen.has(id)) continue;
    const stored = tx.tenant(tenantId).collection('address_domains');
    // Remembered once it is read, as what is written here may still be undone.
    if (yield* stored.get(id)) seen.add(id);
    else yield* stored.insert({ _id: id, tenantId, domain });
  }
}

/**
 * Narrows a search for an address in several tenants down to those that have people on its domain: the search then asks the index of each
 * tenant, and in a sharded cluster only their shards.
 *
 * @param among - which tenants count.
 */
export async function inTenantsOfDomain(core: Core, domain: string, among: Query = {}): Promise<Query> {
  const found = await core.store.server
    .collection('address_domains')
    .find({ domain, ...among }, { fields: ['tenantId'] });
  return { tenantId: { $in: found.map(({ tenantId }) => tenantId) } };
}
