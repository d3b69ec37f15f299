import { createMailer, type Mail, type Mailer } from '../infrastructure/mailer.js';
import type { JobDocument } from '../persistence/collections/events.js';
import type { Step, Transaction } from '../persistence/store.js';
import { shownText } from '../shared/hidden-characters.js';
import type { Core } from './core.js';
import { enqueueJob } from './jobs.js';

/** Kind of the job that sends one mail. */
export const mailJob = 'mail.send';

/**
 * Leaves a mail to be sent after the commit, at least once. It waits sealed: the link in it is as good as a password.
 *
 * Call `wakeJobs` after the transaction.
 */
export function* enqueueMail(core: Core, tx: Transaction, tenantId: string, mail: Mail): Step<void> {
  const { subject, text, html } = mail;
  const shown = { subject: shownText(subject), text: shownText(text), html: shownText(html) };
  const sealed = core.secretBox.seal(mailJob, JSON.stringify({ ...mail, ...shown }));
  yield* enqueueJob(tx, tenantId, { kind: mailJob, payload: { sealed } }, core.clock.now());
}

const mailers = new WeakMap<Core, Mailer>();

/** The job {@link enqueueMail} leaves. Sent twice, a mail is the same file in the outbox. */
export async function sendMail(core: Core, job: JobDocument): Promise<void> {
  const mailer = mailers.get(core) ?? createMailer(core.config);
  mailers.set(core, mailer);
  const mail = JSON.parse(core.secretBox.open(mailJob, String(job.payload['sealed']))) as Mail;
  await mailer.send(mail, job._id, job.createdAt);
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? '');

/** A mail of a few sentences about one link; the same in text and HTML. */
export function linkMail(
  parts: Pick<Mail, 'to' | 'subject' | 'template' | 'link'>,
  before: readonly string[],
  after: readonly string[],
): Mail {
  const paragraph = (text: string): string => `<p>${escapeHtml(text)}</p>`;
  const anchor = `<p><a href="${escapeHtml(parts.link)}">${escapeHtml(parts.link)}</a></p>`;
  return {
    ...parts,
    text: `${[...before, parts.link, ...after].join('\n\n')}\n`,
    html: [...before.map(paragraph), anchor, ...after.map(paragraph)].join('\n'),
  };
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
