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
  /** Whose mail it is. */
  userId?: string | undefined;
}

/** How long it is remembered what became of a mail. */
const rememberedMs = 90 * 86_400_000;

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
  { trySeconds, invitationId, userId }: MailOptions = {},
): Step<void> {
  const { subject, text, html, to, template } = mail;
  const shown = { subject: shownText(subject), text: shownText(text), html: shownText(html) };
  const sealed = core.secretBox.seal(mailJob, JSON.stringify({ ...mail, ...shown }));
  const payload = { sealed, to, template, ...(invitationId !== undefined && { invitationId }) };
  const job = { kind: mailJob, payload, ...(trySeconds !== undefined && { trySeconds }) };
  const now = core.clock.now();
  const _id = yield* enqueueJob(tx, tenantId, job, now);
  yield* tx
    .tenant(tenantId)
    .collection('mails')
    .insert({
      ...{ _id, tenantId, to, template, userId: userId ?? null, invitationId: invitationId ?? null },
      ...{ state: 'queued', reason: null, settledAt: null },
      expiresAt: new Date(now.getTime() + rememberedMs),
    });
}

interface MailPayload {
  to?: string;
  template?: string;
  invitationId?: string;
}

/** Notes what became of a mail, and reports it in the tenant's audit trail. */
function* settleMail(
  tx: Transaction,
  job: JobDocument,
  { now, reason }: { now: Date; reason: string | null },
): Step<void> {
  const { to = '', template = '' } = job.payload as MailPayload;
  const state = reason === null ? 'sent' : 'failed';
  yield* tx
    .tenant(job.tenantId)
    .collection('mails')
    .update(job._id, (stored) => ({ ...stored, state, reason, settledAt: now }));
  const event = {
    action: `mail.${state}`,
    target: { type: 'mail', id: job._id, label: to },
    changes: [
      { path: 'template', before: null, after: template },
      ...(reason === null ? [] : [{ path: 'reason', before: null, after: reason }]),
    ],
    result: reason === null ? ('success' as const) : ('failure' as const),
  };
  yield* recordEvent(tx, systemActor(job.tenantId), event, now);
}

/** Reports to the tenant that a mail was given up: in its audit trail, and on the invitation. */
export async function reportLostMail(core: Core, job: JobDocument, reason: string): Promise<void> {
  const { invitationId } = job.payload as MailPayload;
  await core.store.transaction(function* (tx) {
    if (invitationId !== undefined) {
      yield* tx
        .tenant(job.tenantId)
        .collection('invitations')
        .update(invitationId, (stored) => ({ ...stored, mailFailure: reason }));
    }
    yield* settleMail(tx, job, { now: core.clock.now(), reason });
  });
}

const mailer = service(({ config }: Core): Mailer => createMailer(config));

/**
 * The job {@link enqueueMail} leaves. Sent twice, a mail is the same file in the outbox.
 *
 * @throws PermanentFailure for a refusal of the mail server that is its last word; anything else is tried again.
 */
export async function sendMail(core: Core, job: JobDocument): Promise<void> {
  const mail = JSON.parse(core.secretBox.open(mailJob, String(job.payload['sealed']))) as Mail;
  try {
    await mailer(core).send(mail, job._id, job.createdAt);
  } catch (error) {
    await noteTry(core, job, error);
    // A mail server's 5xx about address or content is its last word (RFC 5321 section 4.2.1); one about our login is not.
    const {
      code,
      responseCode = 0,
      message,
    } = error as { code?: string; responseCode?: number; message: string };
    if ((code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode >= 500)
      throw new PermanentFailure(message, { cause: error });
    throw error;
  }
  await core.store.transaction((tx) => settleMail(tx, job, { now: core.clock.now(), reason: null }));
}

/** Notes why a try failed; the mail may still be sent. */
async function noteTry(core: Core, job: JobDocument, error: unknown): Promise<void> {
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, 500);
  await core.store
    .tenant(job.tenantId)
    .collection('mails')
    .update(job._id, (stored) => ({ ...stored, reason }));
}
