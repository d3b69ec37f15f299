import type { Step, Transaction } from '../../persistence/store.js';
import { enqueueJob } from '../jobs/queue.js';

/** Kind of the job that sends one logout token to one application. */
export const logoutNotifyJob = 'logout.notify';

/** Whom an application is to sign out. */
export type LogoutSubject = Readonly<Record<'clientId' | 'userId' | 'sessionId', string>>;

/** Leaves a notice to send, as a job of the person's own tenant, where the application wants one. Call `wakeJobs` after the commit. */
export function* leaveLogoutNotice(
  tx: Transaction,
  tenantId: string,
  subject: LogoutSubject,
  now: Date,
): Step<void> {
  const application = yield* tx.server.collection('applications').findOne({ clientId: subject.clientId });
  if (!application?.backchannelLogoutUri) return;
  yield* enqueueJob(tx, tenantId, { kind: logoutNotifyJob, payload: { ...subject } }, now);
}
