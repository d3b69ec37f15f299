import { createMailer, type Mail, type Mailer } from '../../infrastructure/mailer.js';
import type { JobDocument } from '../../persistence/collections/events.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { shownText } from '../../shared/hidden-characters.js';
import { service } from '../../shared/services.js';
import type { Core } from '../core.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import { enqueueJob, PermanentFailure } from './queue.js';

/** Kind of the job that sends one mail. */
export const mailJob = 'mail.send';

export interface MailOptions {
  /** For how long it is tried, in seconds: as long as what it holds is good. Absent: a week. */
  trySeconds?: number;
  /** The invitation it belongs to, which tells when it could not be sent. */
  invitationId?: string | undefined;
}

/**
 * Leaves a mail to be sent after the commit, at least once. It waits sealed: the link in it is as good as a password.
 *
 * Call `wakeJobs` after the transaction.
 */
export function* enqueueMail(
  core: Core,
  tx: Transaction,
  tenantId: string,
  mail: Mail,
  { trySeconds, invitationId }: MailOptions = {},
): Step<void> {
  const { subject, text, html, to, template } = mail;
  const shown = { subject: shownText(subject), text: shownText(text), html: shownText(html) };
  const sealed = core.secretBox.seal(mailJob, JSON.stringify({ ...mail, ...shown }));
  const payload = { sealed, to, template, ...(invitationId !== undefined && { invitationId }) };
  const job = { kind: mailJob, payload, ...(trySeconds !== undefined && { trySeconds }) };
  yield* enqueueJob(tx, tenantId, job, core.clock.now());
}

interface MailPayload {
  to?: string;
  template?: string;
  invitationId?: string;
}

/** Reports to the tenant that a mail was given up: in its audit trail, and on the invitation. */
export async function reportLostMail(core: Core, job: JobDocument, reason: string): Promise<void> {
  const { to = '', template = '', invitationId } = job.payload as MailPayload;
  await core.store.transaction(function* (tx) {
    if (invitationId !== undefined) {
      yield* tx
        .tenant(job.tenantId)
        .collection('invitations')
        .update(invitationId, (stored) => ({ ...stored, mailFailure: reason }));
    }
    const event = {
      action: 'mail.failed',
      target: { type: 'mail', id: job._id, label: to },
      changes: [
        { path: 'template', before: null, after: template },
        { path: 'reason', before: null, after: reason },
      ],
      result: 'failure' as const,
    };
    yield* recordEvent(tx, systemActor(job.tenantId), event, core.clock.now());
  });
}

const mailer = service(({ config }: Core): Mailer => createMailer(config));

/** The job {@link enqueueMail} leaves. Sent twice, a mail is the same file in the outbox. */
export async function sendMail(core: Core, job: JobDocument): Promise<void> {
  const mail = JSON.parse(core.secretBox.open(mailJob, String(job.payload['sealed']))) as Mail;
  try {
    await mailer(core).send(mail, job._id, job.createdAt);
  } catch (error) {
    // A mail server's 5xx about address or content is its last word (RFC 5321 section 4.2.1); one about our login is not.
    const {
      code,
      responseCode = 0,
      message,
    } = error as { code?: string; responseCode?: number; message?: string };
    if ((code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode >= 500)
      throw new PermanentFailure(message, { cause: error });
    throw error;
  }
}

const units = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

/** A span in digits and the largest unit that keeps it whole: `60 minutes` is `1 hour`. */
export function spanText(seconds: number): string {
  const [size, unit] = units.find(([length]) => seconds % length === 0) ?? [1, 'second'];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
