import type { Core } from '../identity/core.js';
import type { EmailAddress } from '../identity/email-domain.js';
import { settingsOf, type Settings } from '../identity/tenant-settings.js';
import type { UserStatus } from '../identity/user-status.js';
import type { TenantDocument } from '../persistence/collections/tenants.js';
import type { UserDocument } from '../persistence/collections/users.js';
import { mayEnter } from './admission.js';
import {
  admitAttempt,
  settleRight,
  settleWrong,
  type AttemptResult,
  type AttemptSubject,
} from './local/attempts.js';
import type { Visitor } from './sessions.js';

/** How a sign-in with a password ended. */
export type PasswordOutcome =
  /** Right, and let in: one account, or several tenants' accounts to choose from. */
  | { kind: 'right'; users: UserDocument[] }
  /** Right, but not let in; only now may the reason be named. */
  | { kind: 'refused'; status: UserStatus; user?: UserDocument }
  /** Wrong, unknown, or without a password: nobody learns which. */
  | { kind: 'wrong' }
  /** Locked or too fast, by this attempt or before it. */
  | { kind: 'locked'; until: Date };

export interface PasswordAttempt {
  email: EmailAddress;
  password: string;
  /** Look in this tenant only; null: every tenant's account of the address is a candidate. */
  tenantId: string | null;
  visitor: Visitor;
}

/** An address has one account in a tenant; a person with more tenants than this names one (`?tenant=`). */
const mostCandidates = 10;
/** How often a day a bare sign-in may be right elsewhere and wrong here before it passes this account by. */
const mostMixedResults = 20;

const defaultTenant: Pick<TenantDocument, 'preset' | 'settings'> = { preset: 'default', settings: {} };

/** The tenant whose rules hold at an address nobody has: the one named, else the server's only one. */
async function homeOfUnknown(core: Core, tenantId: string | null): Promise<[string, Settings]> {
  const tenants =
    tenantId === null
      ? await core.store.server.collection('tenants').find({}, { limit: 2 })
      : await core.store.tenant(tenantId).collection('tenants').find({ _id: tenantId });
  const [only, second] = tenants;
  return only && !second ? [only._id, settingsOf(only)] : ['server', settingsOf(defaultTenant)];
}

async function subjectsOf(core: Core, { email, tenantId }: PasswordAttempt): Promise<AttemptSubject[]> {
  const scope = tenantId === null ? core.store.server : core.store.tenant(tenantId);
  const users = await scope
    .collection('users')
    .find({ loginKeys: email.key }, { limit: mostCandidates, fields: ['loginKeys'] });
  if (users.length === 0) {
    const [home, settings] = await homeOfUnknown(core, tenantId);
    const id = core.secretBox.sign('unknown-address', email.key);
    return [{ tenantId: home, id, label: email.key, isKnown: false, settings }];
  }
  return Promise.all(
    users.map(async (user) => {
      const tenant = await core.store.tenant(user.tenantId).collection('tenants').get(user.tenantId);
      const settings = settingsOf(tenant ?? defaultTenant);
      return { tenantId: user.tenantId, id: user._id, label: email.key, isKnown: true, settings };
    }),
  );
}

/** @returns the stored hash the password was found right by; undefined: wrong. */
async function rightHash(core: Core, subject: AttemptSubject, password: string): Promise<string | undefined> {
  const credentials = core.store.tenant(subject.tenantId).collection('credentials');
  const stored = subject.isKnown ? await credentials.get(subject.id) : undefined;
  const hash = stored?.passwordHash ?? null;
  return (await core.passwords.verify(hash, password)) && hash !== null ? hash : undefined;
}

/**
 * Right at one tenant and wrong at another is no failure there: people have several accounts. It could be a guess all the same, by somebody
 * who sets the password of an account of their own, so a bare sign-in may do it only so often.
 */
async function isPassedBy(core: Core, subject: AttemptSubject, now: Date): Promise<boolean> {
  const tomorrow = new Date(now.getTime() + 86_400_000);
  const { count } = await core.store.increment(`mixed-sign-in:${subject.id}`, 0, tomorrow);
  return count >= mostMixedResults;
}

async function countMixed(core: Core, subjects: readonly AttemptSubject[], now: Date): Promise<void> {
  const tomorrow = new Date(now.getTime() + 86_400_000);
  for (const subject of subjects) await core.store.increment(`mixed-sign-in:${subject.id}`, 1, tomorrow);
}

function latestLock(results: readonly AttemptResult[]): Date | undefined {
  const ends = results.flatMap((result) => (result.kind === 'locked' ? [result.until.getTime()] : []));
  return ends.length > 0 && ends.length === results.length ? new Date(Math.max(...ends)) : undefined;
}

function outcomeOf(results: readonly AttemptResult[]): PasswordOutcome {
  const right = results.filter((result) => result.kind === 'right');
  const entering = right.filter(({ status }) => mayEnter(status));
  if (entering.length > 0) return { kind: 'right', users: entering.map(({ user }) => user) };
  if (right[0]) return { kind: 'refused', status: right[0].status, user: right[0].user };
  const until = latestLock(results);
  return until ? { kind: 'locked', until } : { kind: 'wrong' };
}

/** All candidates of an attempt, without those a bare sign-in has to pass by. */
async function candidatesOf(core: Core, attempt: PasswordAttempt, now: Date): Promise<AttemptSubject[]> {
  const subjects = await subjectsOf(core, attempt);
  if (subjects.length === 1) return subjects;
  const passedBy = await Promise.all(subjects.map((subject) => isPassedBy(core, subject, now)));
  const rest = subjects.filter((_, index) => !passedBy[index]);
  return rest.length > 0 ? rest : subjects.slice(0, 1);
}

/**
 * The local sign-in, in its order: lockout, password, lockout again with the count, status. The caller has made sure that the address is
 * not forwarded.
 *
 * An address nobody has goes through the same steps: it fails, locks and costs time like one somebody has (C3).
 */
export async function signInWithPassword(core: Core, attempt: PasswordAttempt): Promise<PasswordOutcome> {
  const now = core.clock.now();
  const { visitor } = attempt;
  const subjects = await candidatesOf(core, attempt, now);
  const refused = await Promise.all(subjects.map((subject) => admitAttempt(core, subject, visitor, now)));
  const open = subjects.filter((_, index) => !refused[index]);
  const hashes = await Promise.all(open.map((subject) => rightHash(core, subject, attempt.password)));
  const wrong = open.filter((_, index) => hashes[index] === undefined);
  const results = refused.filter((result) => result !== undefined);
  for (const [index, subject] of open.entries()) {
    const passwordHash = hashes[index];
    if (passwordHash === undefined) continue;
    results.push(await settleRight(core, subject, visitor, { passwordHash, now }));
  }
  if (results.some(({ kind }) => kind === 'right')) {
    await countMixed(core, wrong, now);
  } else {
    for (const subject of wrong) results.push(await settleWrong(core, subject, visitor, now));
  }
  return outcomeOf(results);
}
