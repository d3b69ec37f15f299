import type { AuditEventDocument } from '../../identity/audit/audit.js';
import { signInOf } from '../../identity/audit/sign-ins.js';
import { z } from '../schema.js';
import { id, instant, iso } from './fields.js';

export const signInSchema = z
  .strictObject({
    id,
    at: instant,
    outcome: z
      .enum(['succeeded', 'failed', 'refused', 'locked'])
      .describe('`refused`: the password was right, and the status kept the person out'),
    reason: z.string().nullable().describe('why not, as `wrong_password`, `wrong_code`, `disabled`'),
    method: z.string().nullable().describe('`password`, `passkey` or `sso`'),
    browser: z.string().nullable().describe('in words'),
    ip: z.string().nullable(),
  })
  .openapi('SignIn');

export function presentSignIn(event: AuditEventDocument): z.input<typeof signInSchema> {
  return { id: event._id, at: iso(event.at), ...signInOf(event), ip: event.ip };
}
