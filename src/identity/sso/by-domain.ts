import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { Core } from '../core.js';
import { closestTo, coversDomain, namesOf } from '../domain-match.js';

/**
 * The connection that answers for a domain, of any tenant and in any mode: one that has verified it, else the closest domain above
 * it together with those below.
 *
 * @param domain - in normal form, as `parseEmail` gives it.
 */
export async function findConnectionByDomain(
  core: Core,
  domain: string,
): Promise<SsoConnectionDocument | undefined> {
  const connections = core.store.server.collection('sso_connections');
  const names = namesOf(domain);
  if (names.length === 1) return connections.findOne({ verifiedDomains: domain });
  return closestTo(await connections.find({ verifiedDomains: { $in: names } }), domain);
}

/** Whether a connection answers for a domain: one of its own, or below one of its own and not verified by another. */
export async function answersFor(
  core: Core,
  { _id, verifiedDomains }: Pick<SsoConnectionDocument, '_id' | 'verifiedDomains'>,
  domain: string,
): Promise<boolean> {
  if (verifiedDomains.includes(domain)) return true;
  if (!coversDomain(verifiedDomains, domain)) return false;
  return (await findConnectionByDomain(core, domain))?._id === _id;
}
