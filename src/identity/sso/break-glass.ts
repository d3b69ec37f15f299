import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { BreakGlass } from '../../persistence/collections/tenants.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { personActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { instantText } from '../jobs/mail-language.js';
import { wakeJobs } from '../jobs/queue.js';
import { holdsEverything } from '../permissions.js';
import { tenantConfigStep } from '../tenants/config.js';
import { mailAdministrators } from '../users/administrator-mails.js';
import { partyOf } from '../users/change-events.js';
import { hasSecondFactor } from '../users/second-factor.js';
import { administratorLevel } from '../users/transitions.js';
import { mayGoPast } from './company-sign-in.js';

/** So few that each is known by name. */
const maxNamed = 5;
const longestArmedMs = 90 * 86_400_000;

/** One of the administrators for emergencies, as they are now. */
export interface BreakGlassView extends BreakGlass {
  user: UserDocument;
  hasSecondFactor: boolean;
  /** Whether it can be used now. */
  isArmed: boolean;
}

/** Those of a tenant who still have an account, in the order in which they were named. */
export async function listBreakGlass(core: Core, tenantId: string): Promise<BreakGlassView[]> {
  const scope = core.store.tenant(tenantId);
  const { breakGlass = [] } = (await scope.collection('tenants').get(tenantId)) ?? {};
  const views = breakGlass.map(async (entry) => {
    const user = await scope.collection('users').get(entry.userId);
    const credential = await scope.collection('credentials').get(entry.userId);
    if (!user) return [];
    return [
      {
        ...{ ...entry, user, hasSecondFactor: hasSecondFactor(credential) },
        isArmed: await mayGoPast(core, user),
      },
    ];
  });
  return (await Promise.all(views)).flat();
}

/** Whether anybody of the tenant may come in past a required company sign-in now. */
export async function hasArmedBreakGlass(core: Core, tenantId: string): Promise<boolean> {
  return (await listBreakGlass(core, tenantId)).some(({ isArmed }) => isArmed);
}

const refused = (detail: string): AppError => new AppError('break_glass.not_fit', detail);

/** @throws AppError `break_glass.not_fit`. */
function* requireFit(core: Core, tx: Transaction, user: UserDocument, now: Date): Step<void> {
  const config = yield* tenantConfigStep(core, tx, user.tenantId);
  if (user.directoryId !== null)
    throw refused('a directory manages this user: it could take the access away');
  const isByRule = user.grants
    .filter(({ role }) => config.administratorRoles.includes(role))
    .every(({ type }) => type === 'rule' || type === 'sso');
  if (administratorLevel(user, config, now) < 2 || isByRule)
    throw refused('emergency access is for active administrators by a grant of their own, without an end');
  const credential = yield* tx.tenant(user.tenantId).collection('credentials').get(user._id);
  if (!credential?.passwordHash && !credential?.passkeys?.length)
    throw refused('this user has no password and no passkey here');
  if (!hasSecondFactor(credential)) throw refused('this user has no second factor');
}

function requireSpan(armedUntil: Date | null, now: Date): void {
  if (armedUntil === null) return;
  const ahead = armedUntil.getTime() - now.getTime();
  if (ahead > 0 && ahead <= longestArmedMs) return;
  const detail = 'must be later than now, and at most 90 days ahead';
  throw new AppError('input.invalid', detail, { errors: [{ pointer: '/armedUntil', detail }] });
}

/** Changes the list of a tenant; with it the tenant's version, under which its configuration is remembered. */
function* write(
  tx: Transaction,
  actor: Actor,
  change: (named: readonly BreakGlass[]) => BreakGlass[],
): Step<void> {
  yield* tx
    .tenant(actor.tenantId)
    .collection('tenants')
    .update(actor.tenantId, (tenant) => ({ ...tenant, breakGlass: change(tenant.breakGlass ?? []) }));
}

function requireAdministrator(actor: Actor): void {
  if (!holdsEverything(actor))
    throw new AppError('user.above_actor', 'only an administrator decides on emergency access');
}

const iso = (date: Date | null | undefined): string | null => date?.toISOString() ?? null;

/** The accounts that are gone make room for others. */
function* living(tx: Transaction, tenantId: string, named: readonly BreakGlass[]): Step<BreakGlass[]> {
  const found: BreakGlass[] = [];
  for (const entry of named) {
    if (yield* tx.tenant(tenantId).collection('users').get(entry.userId)) found.push(entry);
  }
  return found;
}

/**
 * Names an administrator for emergencies, who may sign in with a password and a second factor past a required company sign-in while it is
 * armed; or changes until when.
 *
 * @param armedUntil - at most 90 days ahead; null: named, and not to be used now.
 * @throws AppError `user.not_found`, `break_glass.not_fit`, `break_glass.too_many`, `input.invalid`, `user.above_actor`.
 */
export async function armBreakGlass(
  core: Core,
  actor: Actor,
  userId: string,
  armedUntil: Date | null,
): Promise<void> {
  requireAdministrator(actor);
  const now = core.clock.now();
  requireSpan(armedUntil, now);
  await core.store.transaction(function* (tx) {
    const scope = tx.tenant(actor.tenantId);
    const user = yield* scope.collection('users').get(userId);
    if (!user) throw new AppError('user.not_found', 'there is no such user');
    yield* requireFit(core, tx, user, now);
    const { breakGlass = [] } = (yield* scope.collection('tenants').get(actor.tenantId)) ?? {};
    const named = yield* living(tx, actor.tenantId, breakGlass);
    const before = named.find((entry) => entry.userId === userId);
    if (!before && named.length >= maxNamed)
      throw new AppError('break_glass.too_many', `at most ${maxNamed} users have emergency access`);
    const { namedAt = now, namedBy = actor.party.label } = before ?? {};
    const entry = { userId, namedAt, namedBy, armedUntil };
    yield* write(tx, actor, () => [...named.filter((one) => one !== before), entry]);
    const changes = [{ path: 'armedUntil', before: iso(before?.armedUntil), after: iso(armedUntil) }];
    yield* recordEvent(tx, actor, { action: 'break_glass.armed', target: partyOf(user), changes }, now);
  });
}

/**
 * Takes the emergency access of a user away.
 *
 * @throws AppError `user.not_found` for somebody who has none, `user.above_actor`.
 */
export async function removeBreakGlass(core: Core, actor: Actor, user: UserDocument): Promise<void> {
  requireAdministrator(actor);
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const tenant = yield* tx.tenant(actor.tenantId).collection('tenants').get(actor.tenantId);
    if (!tenant?.breakGlass?.some(({ userId }) => userId === user._id))
      throw new AppError('user.not_found', 'this user has no emergency access');
    yield* write(tx, actor, (named) => named.filter(({ userId }) => userId !== user._id));
    yield* recordEvent(tx, actor, { action: 'break_glass.removed', target: partyOf(user) }, now);
  });
}

/** Where a sign-in comes from. */
export interface UsePlace {
  requestId: string;
  ip: string;
  /** As people call it. */
  browser: string;
}

/** Notes that an administrator for emergencies comes in past a connection: in the audit trail, and to every administrator by mail. */
export async function noteBreakGlassUse(
  core: Core,
  user: UserDocument,
  connection: SsoConnectionDocument,
  { browser, ip, requestId }: UsePlace,
): Promise<void> {
  const now = core.clock.now();
  const target = partyOf(user);
  const actor = personActor(user, { requestId, ip });
  await core.store.transaction(function* (tx) {
    const changes = [{ path: 'connection', before: null, after: connection.name }];
    yield* recordEvent(tx, actor, { action: 'break_glass.used', target, changes }, now);
    yield* mailAdministrators(core, tx, user.tenantId, {
      path: '/admin/audit',
      template: 'break_glass_used',
      factsIn: (language) => ({
        person: target.label,
        connection: connection.name,
        at: instantText(now, language),
        browser,
        ip,
      }),
    });
  });
  wakeJobs(core);
}
