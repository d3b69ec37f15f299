import type { AuditEventDocument } from '../../identity/audit/audit.js';
import { z } from '../schema.js';
import { id, instant, iso } from './fields.js';

const outcomes = {
  'login.succeeded': 'succeeded',
  'login.failed': 'failed',
  'login.refused': 'refused',
  'user.locked': 'locked',
} as const;

/** What the audit trail knows of sign-ins. */
export const signInActions = Object.keys(outcomes);

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
  const told = new Map(event.changes.map(({ after, path }) => [path, after]));
  const textOf = (path: string): string | null => {
    const value = told.get(path);
    return typeof value === 'string' ? value : null;
  };
  return {
    id: event._id,
    at: iso(event.at),
    outcome: outcomes[event.action as keyof typeof outcomes],
    ...{ reason: textOf('reason'), method: textOf('method'), browser: textOf('browser'), ip: event.ip },
  };
}
