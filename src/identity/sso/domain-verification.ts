import type {
  ConnectionDomain,
  SsoConnectionDocument,
} from '../../persistence/collections/sso-connections.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import { changesBetween } from '../changes.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { normalDomain } from '../email.js';
import { wakeJobs } from '../jobs/queue.js';
import { touchTenant } from '../tenants/config.js';
import { connectionDuplicates, connectionEntity, connectionParty, getConnection } from './connections.js';
import { enqueueCheck, tellLoss } from './domain-check-job.js';
import { challengeName, isProof, seen } from './domain-checks.js';
import { newChallenge, unproven, verifiedOf } from './domains.js';

type Lookup = (name: string) => Promise<readonly (readonly string[])[]>;

const invalid = (detail: string): AppError =>
  new AppError('input.invalid', detail, { errors: [{ pointer: '/domain', detail }] });

const taken = (detail: string): AppError =>
  new AppError('sso_connection.domain_taken', detail, { errors: [{ pointer: '/domain', detail }] });

function entryOf(connection: SsoConnectionDocument, domain: string): ConnectionDomain {
  const entry = connection.domains.find((candidate) => candidate.domain === normalDomain(domain));
  if (!entry) throw new AppError('sso_connection.not_found', 'the connection does not name this domain');
  return entry;
}

function withEntry(connection: SsoConnectionDocument, entry: ConnectionDomain): SsoConnectionDocument {
  const domains = connection.domains.map((one) => (one.domain === entry.domain ? entry : one));
  return { ...connection, domains, verifiedDomains: verifiedOf(domains) };
}

/** Whether the record may be one that was published before the present holder proved the domain. */
function isStale({ challengedAt }: ConnectionDomain, held: ConnectionDomain): boolean {
  return !challengedAt || !held.verifiedAt || challengedAt <= held.verifiedAt;
}

/** Takes a domain from the connection that holds it, whose administrators get a mail. */
function* takeFrom(core: Core, tx: Transaction, holder: SsoConnectionDocument, domain: string): Step<void> {
  const now = core.clock.now();
  yield* tellLoss(core, tx, holder, { domain, reason: 'proved_elsewhere' });
  yield* tx
    .tenant(holder.tenantId)
    .collection('sso_connections')
    .update(holder._id, (stored) => withEntry(stored, unproven(entryOf(stored, domain), now)));
  yield* touchTenant(tx, holder.tenantId);
}

/**
 * @returns the connection; `stale` where another one holds the domain and the challenge is older than its proof.
 */
function* prove(
  core: Core,
  tx: Transaction,
  actor: Actor,
  { id, domain, challenge }: { id: string; domain: string; challenge: string },
): Step<SsoConnectionDocument | 'stale'> {
  const now = core.clock.now();
  const connections = tx.tenant(actor.tenantId).collection('sso_connections');
  const before = yield* connections.get(id);
  if (!before) throw connectionEntity.notFound();
  const entry = entryOf(before, domain);
  if (entry.challenge !== challenge) throw invalid('the challenge is another one by now: look again');
  const holder = yield* tx.server.collection('sso_connections').findOne({ verifiedDomains: domain });
  if (holder && holder._id !== id) {
    const held = entryOf(holder, domain);
    if (held.proof !== 'dns') throw taken('the operator of the server says that the domain is another’s');
    if (isStale(entry, held)) return 'stale';
    yield* takeFrom(core, tx, holder, domain);
  }
  const proven = seen(entry, now);
  const wanted = withEntry(before, proven);
  const after = (yield* connections.update(id, (stored) => withEntry(stored, proven))) ?? wanted;
  yield* touchTenant(tx, actor.tenantId);
  yield* enqueueCheck(tx, before, proven, { now });
  const changes = changesBetween(connectionEntity.factsOf(before), connectionEntity.factsOf(wanted));
  const event = { action: 'sso.domain_verified', target: connectionParty(before), changes };
  if (changes.length > 0) yield* recordEvent(tx, actor, event, now);
  return after;
}

/** Another challenge for a domain that another connection holds: only a record that was not there before takes it over. */
async function renewChallenge(core: Core, { tenantId }: Actor, id: string, domain: string): Promise<void> {
  const now = core.clock.now();
  await core.store
    .tenant(tenantId)
    .collection('sso_connections')
    .update(id, (stored) => withEntry(stored, { ...entryOf(stored, domain), ...newChallenge(now) }));
}

/**
 * Proves a domain by its TXT record; from then on its addresses are forwarded here, and the record is looked for each day. A domain that
 * another connection has proven is taken over by a record whose challenge was made after that: at the first try a new challenge is made.
 *
 * @param lookup - resolves TXT records; an empty list when there are none.
 * @throws AppError `sso_connection.not_found`, `sso_connection.domain_taken`, `input.invalid` when the record is not there.
 */
export async function verifyDomain(
  core: Core,
  actor: Actor,
  id: string,
  domain: string,
  lookup: Lookup,
): Promise<SsoConnectionDocument> {
  const entry = entryOf(await getConnection(core, actor.tenantId, id), domain);
  const name = challengeName(entry.domain);
  if (!isProof(await lookup(name), entry.challenge))
    throw invalid(`no TXT record at ${name} holds ${entry.challenge}`);
  const proven = await refuseDuplicates(connectionDuplicates, () =>
    core.store.transaction((tx) => prove(core, tx, actor, { id, ...entry })),
  );
  wakeJobs(core);
  if (proven !== 'stale') return proven;
  await renewChallenge(core, actor, id, entry.domain);
  throw taken('the domain is verified for another connection: publish the new record to take it over');
}
