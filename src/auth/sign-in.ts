import { addressKey } from '../http/rate-limit-store.js';
import type { Core } from '../identity/core.js';
import type { EmailAddress } from '../identity/email.js';
import { inTenantsOfDomain } from '../identity/users/address-domains.js';
import { settingsOf, type Settings } from '../identity/tenants/settings.js';
import { isOpen } from '../identity/tenants/state.js';
import type { Turn } from '../infrastructure/fair-queue.js';
import type { UserDocument } from '../persistence/collections/users.js';
import { mayEnter, type EntryStatus } from './admission.js';
import type { KnownDevice } from './devices.js';
import { admitAttempt, noteChoice, noteWrong, settleRight, settleWrong } from './local/attempts.js';
import { type AttemptResult, type AttemptSubject } from './local/attempt-subject.js';
import { chooseTenant, homeOfUnknown, serverScope } from './local/unknown-home.js';
import type { Visitor } from './sessions.js';
import { documentsOf, ofTenants, onlyTenantOf, type SignInScope } from './sign-in-scope.js';

/** How a sign-in with a password ended. */
export type PasswordOutcome =
  /** Right, and let in: one account, or several tenants' accounts to choose from. */
  | { kind: 'right'; users: UserDocument[] }
  /** Right, but not let in; only now may the reason be named. */
  | { kind: 'refused'; status: EntryStatus; user?: UserDocument }
  /** Wrong, unknown, or without a password: the caller does not learn which. */
  | { kind: 'wrong' }
  /** Locked or too fast, by this attempt or before it. */
  | { kind: 'locked'; until: Date };

export interface PasswordAttempt {
  email: EmailAddress;
  password: string;
  /** The tenants whose accounts of the address are candidates. */
  scope: SignInScope;
  visitor: Visitor;
  device: KnownDevice;
}

/** An address has one account in a tenant; a person with more tenants than this names one (`?tenant=`). */
const maxCandidates = 10;
/** How often a day a sign-in from a device that knows both may be right elsewhere and wrong here before it leaves this account out. */
const maxMixedResults = 20;
/**
 * A sign-in that is for several tenants checks so many passwords, or as many as there are tenants: its time does not show at how many of
 * them an address has an account.
 */
const evenChecks = 3;

/** What one sign-in is about. */
interface Candidates {
  subjects: AttemptSubject[];
  /** The one whose rules and state are answered by when no password is right. */
  face: AttemptSubject;
  /** Passwords to check, those of no account included. */
  checks: number;
}

const tenantOf = (core: Core, tenantId: string) =>
  core.store.tenant(tenantId).collection('tenants').get(tenantId);

async function settingsIn(core: Core, tenantId: string): Promise<Settings> {
  return settingsOf((await tenantOf(core, tenantId)) ?? { preset: 'default', settings: {} });
}

/**
 * The accounts of tenants that are open, where there are any: beside them one of a suspended tenant is as if it were not there. Where all
 * are suspended, the right password learns that.
 */
async function inOpenTenants<U extends { tenantId: string }>(
  core: Core,
  users: readonly U[],
): Promise<readonly U[]> {
  if (users.length < 2) return users;
  const tenants = await Promise.all(users.map(({ tenantId }) => tenantOf(core, tenantId)));
  const open = users.filter((_, index) => {
    const tenant = tenants[index];
    return tenant !== undefined && isOpen(tenant);
  });
  return open.length > 0 ? open : users;
}

/** How many passwords a sign-in checks, whether accounts have the address or not; one where it can only be about one account. */
async function checksOf(core: Core, scope: SignInScope): Promise<number> {
  if (typeof scope !== 'string') return Math.max(1, Math.min(evenChecks, scope.length));
  const tenants = await core.store.server.collection('tenants').find({}, { limit: evenChecks, fields: [] });
  return Math.max(1, tenants.length);
}

/** An unknown address: a tenant lends it its rules, so that it looks like a known one. */
async function unknownSubject(
  core: Core,
  { email, scope }: PasswordAttempt,
  checks: number,
): Promise<AttemptSubject> {
  const home = onlyTenantOf(scope) ?? (await homeOfUnknown(core, email, scope));
  return {
    tenantId: home,
    id: core.secretBox.sign('unknown-address', email.key),
    label: email.key,
    isKnown: false,
    isRecorded: home !== serverScope && checks === 1,
    settings: await settingsIn(core, home),
    device: null,
  };
}

/** The accounts of an address among the tenants that are meant. */
async function accountsOf(core: Core, email: EmailAddress, scope: SignInScope) {
  const isOne = onlyTenantOf(scope) !== null;
  const tenants = isOne ? {} : await inTenantsOfDomain(core, email.domain, ofTenants(scope));
  const options = { limit: maxCandidates, fields: ['loginKeys'] };
  return documentsOf(core, scope)
    .collection('users')
    .find({ loginKeys: email.key, ...tenants }, options);
}

async function candidatesOf(core: Core, attempt: PasswordAttempt, now: Date): Promise<Candidates> {
  const { email, scope, device } = attempt;
  const [checks, users] = await Promise.all([checksOf(core, scope), accountsOf(core, email, scope)]);
  if (users.length === 0) {
    const face = await unknownSubject(core, attempt, checks);
    return { subjects: [face], face, checks };
  }
  const all = await Promise.all(
    (await inOpenTenants(core, users)).map(async (user) => ({
      tenantId: user.tenantId,
      id: user._id,
      label: email.key,
      isKnown: true,
      isRecorded: true,
      settings: await settingsIn(core, user.tenantId),
      device: device.at(user._id),
    })),
  );
  const subjects = await withoutExcluded(core, all, now);
  const chosen = chooseTenant(
    core,
    email,
    subjects.map((subject) => subject.tenantId),
  );
  const face = subjects.find((subject) => subject.tenantId === chosen) ?? subjects[0];
  if (!face) throw new Error('there is always one candidate');
  return { subjects, face, checks: Math.max(checks, users.length) };
}

/**
 * Which of the candidates have this password, with the stored hash it was found right by. Those that are locked are not looked at, but cost the same where a caller could learn from
 * the time that they are there.
 */
async function rightOnes(
  core: Core,
  attempt: PasswordAttempt,
  open: readonly AttemptSubject[],
  checks: number,
): Promise<Map<AttemptSubject, string>> {
  if (open.length === 0 && checks === 1) return new Map();
  const stored = await Promise.all(
    open.map(async ({ tenantId, id, isKnown }) => {
      const credentials = core.store.tenant(tenantId).collection('credentials');
      return isKnown ? ((await credentials.get(id))?.passwordHash ?? null) : null;
    }),
  );
  const nobody = Array<null>(Math.max(0, checks - stored.length)).fill(null);
  const answers = await core.passwords.verifyEach(
    [...stored, ...nobody],
    attempt.password,
    turnOf(core, attempt, open),
  );
  return new Map(
    open.flatMap((subject, index) => {
      const hash = stored[index] ?? null;
      return answers[index] === true && hash !== null ? [[subject, hash] as const] : [];
    }),
  );
}

/** The right password hashed our way, where another system hashed it. */
async function ownHashOf(
  core: Core,
  attempt: PasswordAttempt,
  subject: AttemptSubject,
  stored: string,
): Promise<string | undefined> {
  if (!core.passwords.isForeign(stored)) return undefined;
  return core.passwords.hash(attempt.password, turnOf(core, attempt, [subject]));
}

/** Sign-ins wait fairly by client address and by account; a device that is known does not wait behind what strangers try. */
function turnOf(core: Core, { email, visitor }: PasswordAttempt, open: readonly AttemptSubject[]): Turn {
  const known = open.find(({ device }) => device !== null);
  const account = known ? `device:${known.id}:${known.device}` : `account:${email.key}`;
  return {
    keys: [`address:${addressKey(visitor.ip)}`, account],
    waitSeconds: core.config.limits.hashWaitSeconds,
  };
}

/**
 * Whether a sign-in for several tenants leaves an account out. A person with accounts at two tenants, and a device that knows both, is right at one and wrong at the other
 * all day: that is no failure. It could be a guess all the same, so it is done only so often.
 */
async function isExcluded(core: Core, subject: AttemptSubject, now: Date): Promise<boolean> {
  const tomorrow = new Date(now.getTime() + 86_400_000);
  const { count } = await core.store.increment(`mixed-sign-in:${subject.id}`, 0, tomorrow);
  return count >= maxMixedResults;
}

async function withoutExcluded(
  core: Core,
  subjects: readonly AttemptSubject[],
  now: Date,
): Promise<AttemptSubject[]> {
  if (subjects.length === 1) return [...subjects];
  const excluded = await Promise.all(
    subjects.map(async (subject) => subject.device !== null && (await isExcluded(core, subject, now))),
  );
  const rest = subjects.filter((_, index) => !excluded[index]);
  return rest.length > 0 ? rest : subjects.slice(0, 1);
}

/**
 * Wrong here and right at another account of the same address. An attacker may have set a password there to guess at this one:
 * a failure like any other, unless it comes from a device that signed in to this very account before.
 */
async function countMixedResult(
  core: Core,
  subject: AttemptSubject,
  visitor: Visitor,
  now: Date,
): Promise<void> {
  if (subject.device === null) {
    await settleWrong(core, subject, visitor, now);
    return;
  }
  await noteWrong(core, subject, visitor, now);
  await core.store.increment(`mixed-sign-in:${subject.id}`, 1, new Date(now.getTime() + 86_400_000));
}

function outcomeOf(
  results: ReadonlyMap<AttemptSubject, AttemptResult>,
  face: AttemptSubject,
): PasswordOutcome {
  const right = [...results.values()].filter((result) => result.kind === 'right');
  const entering = right.filter(({ status }) => mayEnter(status));
  if (entering.length > 0) return { kind: 'right', users: entering.map(({ user }) => user) };
  if (right[0]) return { kind: 'refused', status: right[0].status, user: right[0].user };
  const shown = results.get(face);
  return shown?.kind === 'locked' ? { kind: 'locked', until: shown.until } : { kind: 'wrong' };
}

/**
 * The local sign-in, in its order: lockout, password, lockout again with the count, status. The caller has made sure that the address is
 * not forwarded.
 *
 * An unknown address goes through the same steps: it fails, locks and costs time like a known one (C3).
 */
export async function signInWithPassword(core: Core, attempt: PasswordAttempt): Promise<PasswordOutcome> {
  const now = core.clock.now();
  const { visitor } = attempt;
  const { subjects, face, checks } = await candidatesOf(core, attempt, now);
  const results = new Map<AttemptSubject, AttemptResult>();
  for (const subject of subjects) {
    const refused = await admitAttempt(core, subject, visitor, now);
    if (refused) results.set(subject, refused);
  }
  const open = subjects.filter((subject) => !results.has(subject));
  const right = await rightOnes(core, attempt, open, checks);
  for (const [subject, passwordHash] of right) {
    const ownHash = await ownHashOf(core, attempt, subject, passwordHash);
    results.set(subject, await settleRight(core, subject, visitor, { passwordHash, ownHash, now }));
  }
  const entering = [...results].filter(([, result]) => result.kind === 'right' && mayEnter(result.status));
  if (entering.length > 1) for (const [subject] of entering) await noteChoice(core, subject, visitor, now);
  const isIn = [...results.values()].some(({ kind }) => kind === 'right');
  for (const subject of open.filter((one) => !right.has(one))) {
    if (isIn) await countMixedResult(core, subject, visitor, now);
    else results.set(subject, await settleWrong(core, subject, visitor, now));
  }
  return outcomeOf(results, face);
}
