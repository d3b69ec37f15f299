import type { AuditEventDocument } from './audit.js';

const outcomes = {
  'login.succeeded': 'succeeded',
  'login.failed': 'failed',
  'login.refused': 'refused',
  'user.locked': 'locked',
} as const;

export const signInOutcomes = Object.values(outcomes);

/** What the audit trail knows of sign-ins, or of those alone that went one way. */
export const signInActions = (outcome?: SignIn['outcome']): string[] =>
  Object.entries(outcomes).flatMap(([action, its]) =>
    outcome === undefined || its === outcome ? action : [],
  );

/** A sign-in as it is recorded. */
export interface SignIn {
  outcome: (typeof outcomes)[keyof typeof outcomes];
  /** Why not, as `wrong_password`. */
  reason: string | null;
  /** `password`, `passkey` or `sso`. */
  method: string | null;
  /** In words. */
  browser: string | null;
}

/** @param event - of one of {@link signInActions}. */
export function signInOf(event: AuditEventDocument): SignIn {
  const told = new Map(event.changes.map(({ after, path }) => [path, after]));
  const textOf = (path: string): string | null => {
    const value = told.get(path);
    return typeof value === 'string' ? value : null;
  };
  const outcome = outcomes[event.action as keyof typeof outcomes];
  return { outcome, reason: textOf('reason'), method: textOf('method'), browser: textOf('browser') };
}
