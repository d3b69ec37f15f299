import type {
  ConnectionDomain,
  SsoConnectionDocument,
} from '../../persistence/collections/sso-connections.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { lookUpTxt } from '../../infrastructure/txt-records.js';
import { AppError } from '../../shared/errors.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Core } from '../core.js';
import { dateText } from '../jobs/mail-language.js';
import { enqueueJob, wakeJobs, type JobDocument } from '../jobs/queue.js';
import { touchTenant } from '../tenants/config.js';
import { mailAdministrators } from '../users/administrator-mails.js';
import { challengeName, endOf, isProof, judgeCheck } from './domain-checks.js';
import { verifiedOf } from './domains.js';

/** Kind of the job that looks for the record of a proven domain again. */
export const domainCheckJob = 'sso.domain_check';

const dayMs = 86_400_000;
/** How soon name servers that did not answer are asked again. */
const hourMs = 3_600_000;

/** Has the record of a domain looked for again in a day. */
export function* enqueueCheck(
  tx: Transaction,
  { _id, tenantId }: Pick<SsoConnectionDocument, '_id' | 'tenantId'>,
  { domain, checkId }: ConnectionDomain,
  { now, afterMs = dayMs }: { now: Date; afterMs?: number },
): Step<void> {
  const runAt = new Date(now.getTime() + afterMs);
  const payload = { connectionId: _id, domain, checkId };
  yield* enqueueJob(tx, tenantId, { kind: domainCheckJob, payload, runAt }, now);
}

/** Why a domain is proven no more: its record stayed away, or another connection proved it. */
export type DomainLoss = 'record_missing' | 'proved_elsewhere';

/** Records that a connection loses a domain, and mails the administrators. Before the write, as it reads the configuration. */
export function* tellLoss(
  core: Core,
  tx: Transaction,
  connection: SsoConnectionDocument,
  { domain, reason }: { domain: string; reason: DomainLoss },
): Step<void> {
  const target = { type: 'sso_connection', id: connection._id, label: connection.name };
  const changes = [
    { path: 'domain', before: domain, after: null },
    { path: 'reason', before: null, after: reason },
  ];
  const event = { action: 'sso.domain_lost', target, changes, result: 'failure' } as const;
  yield* recordEvent(tx, systemActor(connection.tenantId, connection.name), event, core.clock.now());
  yield* mailAdministrators(core, tx, connection.tenantId, {
    path: `/admin/sso-connections/${connection._id}`,
    template: 'domain_lost',
    factsIn: () => ({ domain, connection: connection.name, reason }),
  });
}

function* tellMissing(
  core: Core,
  tx: Transaction,
  connection: SsoConnectionDocument,
  entry: ConnectionDomain,
): Step<void> {
  const { domain, challenge } = entry;
  const target = { type: 'sso_connection', id: connection._id, label: connection.name };
  const changes = [{ path: 'domain', before: null, after: domain }];
  const event = { action: 'sso.domain_missing', target, changes, result: 'failure' } as const;
  yield* recordEvent(tx, systemActor(connection.tenantId, connection.name), event, core.clock.now());
  const end = endOf(entry) ?? core.clock.now();
  yield* mailAdministrators(core, tx, connection.tenantId, {
    path: `/admin/sso-connections/${connection._id}`,
    template: 'domain_missing',
    factsIn: (language) => ({
      ...{ domain, connection: connection.name, record: challengeName(domain), value: challenge },
      until: dateText(end, language),
    }),
  });
}

function* tellBack(
  core: Core,
  tx: Transaction,
  connection: SsoConnectionDocument,
  domain: string,
): Step<void> {
  const target = { type: 'sso_connection', id: connection._id, label: connection.name };
  const changes = [{ path: 'domain', before: null, after: domain }];
  const event = { action: 'sso.domain_back', target, changes };
  yield* recordEvent(tx, systemActor(connection.tenantId, connection.name), event, core.clock.now());
}

const isOf = (job: JobDocument, entry: ConnectionDomain | undefined): entry is ConnectionDomain =>
  entry?.verified === true && entry.proof === 'dns' && entry.checkId === job.payload['checkId'];

const entryOf = (job: JobDocument, connection: SsoConnectionDocument | undefined) =>
  connection?.domains.find(({ domain }) => domain === job.payload['domain']);

function* settle(core: Core, tx: Transaction, job: JobDocument, isThere: boolean): Step<void> {
  const now = core.clock.now();
  const connections = tx.tenant(job.tenantId).collection('sso_connections');
  const connection = yield* connections.get(String(job.payload['connectionId']));
  const before = entryOf(job, connection);
  if (!connection || !isOf(job, before)) return;
  const { entry, news } = judgeCheck(before, isThere, now);
  if (news === 'lost')
    yield* tellLoss(core, tx, connection, { domain: before.domain, reason: 'record_missing' });
  if (news === 'missing') yield* tellMissing(core, tx, connection, entry);
  if (news === 'back') yield* tellBack(core, tx, connection, before.domain);
  const domains = connection.domains.map((one) => (one.domain === before.domain ? entry : one));
  const verifiedDomains = verifiedOf(domains);
  yield* connections.update(connection._id, (stored) => ({ ...stored, domains, verifiedDomains }));
  if (news === 'lost') yield* touchTenant(tx, job.tenantId);
  else yield* enqueueCheck(tx, connection, entry, { now });
}

/** The handler of {@link domainCheckJob}. Name servers that do not answer say nothing: they are asked again in an hour. */
export async function checkDomain(core: Core, job: JobDocument): Promise<void> {
  const connections = core.store.tenant(job.tenantId).collection('sso_connections');
  const connection = await connections.get(String(job.payload['connectionId']));
  const entry = entryOf(job, connection);
  if (!connection || !isOf(job, entry)) return;
  try {
    const records = await lookUpTxt(challengeName(entry.domain), core.config.dnsServers);
    const isThere = isProof(records, entry.challenge);
    await core.store.transaction((tx) => settle(core, tx, job, isThere));
    wakeJobs(core);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'input.invalid') throw error;
    const now = core.clock.now();
    await core.store.transaction((tx) => enqueueCheck(tx, connection, entry, { now, afterMs: hourMs }));
  }
}
