import type { MailDocument } from '../../identity/jobs/mail-states.js';
import { z } from '../schema.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

export const mailSchema = z
  .strictObject({
    id,
    to: z.string(),
    template: z.string().describe('its kind, as `activation` or `password_reset`'),
    state: z.enum(['queued', 'sent', 'failed']).describe('`sent`: the mail server has taken it'),
    reason: z.string().nullable().describe('why it failed last; a queued one is tried again'),
    createdAt: instant,
    settledAt: instantOrNull.describe('when it was sent or given up'),
  })
  .openapi('Mail');

export function presentMail(mail: MailDocument): z.input<typeof mailSchema> {
  const { _id, reason, settledAt, state, template, to } = mail;
  return {
    id: _id,
    to,
    template,
    state,
    reason,
    createdAt: iso(mail.createdAt),
    settledAt: isoOrNull(settledAt),
  };
}
