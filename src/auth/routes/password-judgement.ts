import type { Request } from 'express';
import { beginActivation } from '../../identity/invitations/activation.js';
import { requiredConnectionOf } from '../../identity/sso/company-sign-in.js';
import type { Core } from '../../identity/core.js';
import { accessStampOf } from '../../identity/users/session-end.js';
import type { EmailAddress } from '../../identity/email.js';
import { bothFactors } from '../../identity/users/sessions.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { mayEnter, readAdmission, type EntryStatus } from '../admission.js';
import { deviceOf } from '../devices.js';
import { visitorOf, type SignInProof } from '../sessions.js';
import type { SignInContext } from '../sign-in-flow.js';
import type { SignInScope } from '../sign-in-scope.js';
import { signInWithPassword, type PasswordOutcome } from '../sign-in.js';
import { makeSession, refuseForwarded, type Opened } from './complete-sign-in.js';

/** What a right password alone proves. */
export const passwordProof: SignInProof = {
  method: 'password',
  amr: ['pwd'],
  connectionId: null,
  providerSid: null,
};

/** What a right password proves with the code of an app. */
export const bothFactorsProof: SignInProof = { ...passwordProof, amr: [...bothFactors] };

/** One of the accounts a password may open. */
export interface Account {
  tenantId: string;
  userId: string;
  /** As the password was judged under. */
  accessStamp: string;
}

/** What a password was found to be; plain JSON, so that a second click at another process can be answered alike. */
export type Judgement =
  | { kind: 'wrong' }
  | { kind: 'locked'; until: string }
  /** `endedAt`: when the person's access ended. */
  | { kind: 'refused'; status: EntryStatus; endedAt?: string }
  /** A temporary password: where they choose their own. */
  | { kind: 'activation'; path: string }
  | { kind: 'choice'; accounts: Account[] }
  | { kind: 'code'; account: Account }
  /** A second factor is required and still to be set up. */
  | { kind: 'enrolment'; account: Account }
  | { kind: 'token'; opened: Opened };

/** @param user - as it was when the password was judged. */
export const accountOf = (user: UserDocument): Account => ({
  tenantId: user.tenantId,
  userId: user._id,
  accessStamp: accessStampOf(user),
});

/** Judges a password, and makes the session when it opens exactly one account and nothing else is to be proved. */
export async function judgePassword(
  core: Core,
  req: Request,
  { context, email, scope }: { context: SignInContext; email: EmailAddress; scope: SignInScope },
  password: string,
): Promise<Judgement> {
  const device = deviceOf(core, req);
  const visitor = visitorOf(req);
  const outcome = await signInWithPassword(core, { email, password, scope, visitor, device });
  if (outcome.kind === 'locked') return { kind: 'locked', until: outcome.until.toISOString() };
  if (outcome.kind === 'refused') return judgeRefused(core, outcome);
  if (outcome.kind === 'wrong') return outcome;
  const users = await withoutForwarded(core, outcome.users);
  const [user, second] = users;
  if (!user || second) return { kind: 'choice', accounts: users.map(accountOf) };
  const admission = await readAdmission(core, user.tenantId, user._id, device);
  if (!admission || !mayEnter(admission.status)) return refusedAs(admission?.status ?? 'deleted', user);
  const account = accountOf(user);
  if (admission.needsCode) return { kind: 'code', account };
  if (admission.needsEnrolment) return { kind: 'enrolment', account };
  const { accessStamp } = account;
  return {
    kind: 'token',
    opened: await makeSession(core, req, { context, admission, proof: passwordProof, accessStamp }),
  };
}

/**
 * Accounts a password counts for.
 *
 * @throws AppError `auth.forbidden` when it counts for none of them, since a company's provider has them all.
 */
async function withoutForwarded(core: Core, users: readonly UserDocument[]): Promise<UserDocument[]> {
  const connections = await Promise.all(users.map((user) => requiredConnectionOf(core, user)));
  const open = users.filter((_, index) => !connections[index]);
  if (open.length === 0 && users[0]) await refuseForwarded(core, users[0]);
  return open;
}

function refusedAs(status: EntryStatus, user: UserDocument | undefined): Judgement {
  const end = status === 'expired' ? user?.accessExpiresAt : null;
  return { kind: 'refused', status, ...(end && { endedAt: end.toISOString() }) };
}

/** Right, but not let in: whoever holds a temporary password goes on to choose their own. */
async function judgeRefused(
  core: Core,
  { status, user }: Extract<PasswordOutcome, { kind: 'refused' }>,
): Promise<Judgement> {
  const path = status === 'pending_activation' && user ? await beginActivation(core, user) : undefined;
  return path === undefined ? refusedAs(status, user) : { kind: 'activation', path };
}
