import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { AppError } from '../../shared/errors.js';
import { verifiedOf } from './domains.js';
import type { Actor, Core } from '../core.js';
import { normalDomain } from '../email.js';
import { getConnection, writeConnection } from './connections.js';

/** Where the proof of a domain is looked for. */
function challengeName(domain: string): string {
  return `_gatehouse-challenge.${domain}`;
}

/**
 * Proves a domain by the TXT record at {@link challengeName}; from then on its addresses are forwarded here.
 *
 * @param lookup - resolves TXT records; an empty list when there are none.
 * @throws AppError `sso_connection.not_found`, `sso_connection.domain_taken`, `input.invalid` when the record is not there.
 */
export async function verifyDomain(
  core: Core,
  actor: Actor,
  id: string,
  domain: string,
  lookup: (name: string) => Promise<readonly (readonly string[])[]>,
): Promise<SsoConnectionDocument> {
  const connection = await getConnection(core, actor.tenantId, id);
  const entry = connection.domains.find((candidate) => candidate.domain === normalDomain(domain));
  if (!entry) throw new AppError('sso_connection.not_found', 'the connection does not name this domain');
  const records = await lookup(challengeName(entry.domain));
  if (!records.some((chunks) => chunks.join('').trim() === entry.challenge)) {
    const detail = `no TXT record at ${challengeName(entry.domain)} holds ${entry.challenge}`;
    throw new AppError('input.invalid', detail, { errors: [{ pointer: '/domain', detail }] });
  }
  const now = core.clock.now();
  return writeConnection(
    core,
    actor,
    id,
    'sso.domain_verified',
    (before) => {
      const domains = before.domains.map((candidate) =>
        candidate.domain === entry.domain ? { ...candidate, verified: true, verifiedAt: now } : candidate,
      );
      return { ...before, domains, verifiedDomains: verifiedOf(domains) };
    },
    {},
  );
}
