import type { LogoutDeliveryDocument, LogoutDeliveryStatus } from '../../persistence/collections/leavers.js';
import type { Step, Transaction } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { enqueueJob, type JobDocument } from '../jobs/queue.js';

export {
  logoutDeliveryStatuses,
  type LogoutDeliveryDocument,
} from '../../persistence/collections/leavers.js';

/** Kind of the job that sends one logout token to one application. */
export const logoutNotifyJob = 'logout.notify';

/** Whom an application is to sign out. */
export type LogoutSubject = Readonly<Record<'clientId' | 'userId' | 'sessionId', string>>;

const keptForMs = 400 * 24 * 3600 * 1000;

/**
 * Leaves a notice to send, as a job of the person's own tenant, where the application wants one, and the record of its delivery. Call
 * `wakeJobs` after the commit.
 */
export function* leaveLogoutNotice(
  tx: Transaction,
  tenantId: string,
  subject: LogoutSubject,
  now: Date,
): Step<void> {
  const { clientId, userId, sessionId } = subject;
  const application = yield* tx.server.collection('applications').findOne({ clientId });
  if (!application?.backchannelLogoutUri) return;
  const payload = { clientId, userId, sessionId };
  const _id = yield* enqueueJob(tx, tenantId, { kind: logoutNotifyJob, payload }, now);
  const expiresAt = new Date(now.getTime() + keptForMs);
  const state = { status: 'waiting' as const, attempts: 0, answer: null, settledAt: null, expiresAt };
  yield* tx
    .tenant(tenantId)
    .collection('logout_deliveries')
    .insert({ _id, tenantId, applicationId: application._id, ...payload, ...state });
}

const maxAnswerLength = 200;

/** Notes what became of a try. A job of an older version has no record. */
export async function noteDelivery(
  core: Core,
  { _id, tenantId, attempts }: Pick<JobDocument, '_id' | 'tenantId' | 'attempts'>,
  status: LogoutDeliveryStatus,
  answer: string,
): Promise<void> {
  const settledAt = status === 'confirmed' || status === 'given_up' ? core.clock.now() : null;
  await core.store
    .tenant(tenantId)
    .collection('logout_deliveries')
    .update(_id, (stored) => ({
      ...stored,
      ...{ status, attempts, answer: answer.slice(0, maxAnswerLength), settledAt },
    }));
}

/** The notices to one application about people of one tenant, newest first, and how many there are. */
export async function listDeliveries(
  core: Core,
  tenantId: string,
  applicationId: string,
  {
    status,
    afterId,
    descending,
    ...page
  }: {
    status: LogoutDeliveryStatus | undefined;
    afterId: string | undefined;
    descending: boolean;
    limit: number;
    until?: (read: unknown) => boolean;
  },
): Promise<{ items: LogoutDeliveryDocument[]; total: number }> {
  const deliveries = core.store.tenant(tenantId).collection('logout_deliveries');
  const query = { applicationId, ...(status && { status }) };
  const after = afterId === undefined ? {} : { after: { _id: afterId } };
  const [items, total] = await Promise.all([
    deliveries.find(query, { sort: { _id: descending ? -1 : 1 }, ...page, ...after }),
    deliveries.count(query),
  ]);
  return { items, total };
}
