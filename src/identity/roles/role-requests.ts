import type { RoleDecision, RoleRequestDocument } from '../../persistence/collections/role-requests.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { administersMember } from '../grants/group-grants.js';
import { isLive } from '../grants/grants.js';
import { wakeJobs } from '../jobs/queue.js';
import { requireGrantable, requirePermission } from '../permissions.js';
import type { TenantConfig } from '../tenants/config.js';
import { isSelf } from '../users/authority.js';
import { partyOf } from '../users/change-events.js';
import { grantStep, requireFuture } from '../users/role-grants.js';
import { openWrite, type WriteContext } from '../users/save.js';
import { requireWritable } from '../users/transitions.js';
import { getUser } from '../users/users.js';
import { requireVersion, type WriteOptions } from '../versions.js';
import { mailApprovers, mailDecision } from './role-request-mail.js';

export type { RoleRequestDocument } from '../../persistence/collections/role-requests.js';

/** For how long a role is to be given: until an instant, or for so many seconds from the decision on. */
export type RoleSpan = { until: Date } | { seconds: number };

export interface RoleRequestInput {
  userId: string;
  /** Full key. */
  role: string;
  reason: string;
  span: RoleSpan;
}

/** How long a request waits for a decision. */
const waitSeconds = 14 * 86_400;
/** Open requests for one person. */
const maxOpen = 20;

const duplicates = {
  role_requests_open: {
    code: 'role_request.open',
    message: 'there is an open request for this role already',
    pointer: '/role',
  },
} as const;

export const noRequest = (): AppError => new AppError('role_request.not_found', 'there is no such request');

const requestParty = ({ _id, role, user }: Pick<RoleRequestDocument, '_id' | 'role' | 'user'>) => ({
  type: 'role_request',
  id: _id,
  label: `${role} for ${user.label}`,
});

/** The id of the user that a directory named as a user's manager. */
function managerOf({ attributes }: UserDocument): unknown {
  const enterprise = attributes['enterprise'] as { manager?: { value?: unknown } } | undefined;
  return enterprise?.manager?.value;
}

/**
 * People ask for themselves; for others ask those who may change them, their manager, and the administrators of their groups.
 *
 * @throws AppError `auth.forbidden`.
 */
async function requireMayAsk(core: Core, actor: Actor, user: UserDocument): Promise<void> {
  if (isSelf(actor, user) || actor.permissions.has('users.update')) return;
  const isManager = actor.party.type === 'user' && managerOf(user) === actor.party.id;
  if (isManager || (await administersMember(core, actor, user))) return;
  requirePermission(actor, 'users.update');
}

function spanFields(span: RoleSpan, now: Date): Pick<RoleRequestDocument, 'until' | 'seconds' | 'expiresAt'> {
  const latest = new Date(now.getTime() + waitSeconds * 1000);
  if ('seconds' in span) return { until: null, seconds: span.seconds, expiresAt: latest };
  requireFuture(span.until, now);
  return { until: span.until, seconds: null, expiresAt: span.until < latest ? span.until : latest };
}

/** @throws AppError `role_request.off`, `input.invalid`, `role_request.held`. */
function requireAskable(config: TenantConfig, user: UserDocument, role: string): void {
  if (!config.settings['roles.requests'])
    throw new AppError('role_request.off', 'roles are not asked for in this tenant');
  if (!config.roles.has(role)) {
    throw new AppError('input.invalid', `there is no role ${role}`, {
      errors: [{ pointer: '/role', detail: `there is no role ${role}` }],
    });
  }
  const isHeld = user.grants.some((grant) => grant.role === role && grant.until === null);
  if (isHeld) throw new AppError('role_request.held', 'the user has this role already, without an end');
}

/** Open requests that are too old make room; too many that are not are refused. */
function* closeOld(context: WriteContext, userId: string, role: string): Step<void> {
  const { now, tx, tenantId } = context;
  const requests = tx.tenant(tenantId).collection('role_requests');
  const open = yield* requests.find({ 'user.id': userId, state: 'pending' });
  for (const { _id } of open.filter((request) => request.expiresAt <= now && request.role === role))
    yield* requests.update(_id, ({ openKey: _, ...stored }) => ({ ...stored, state: 'expired' }));
  if (open.filter(({ expiresAt }) => expiresAt > now).length < maxOpen) return;
  throw new AppError('role_request.too_many', `at most ${maxOpen} open requests for one person`);
}

/**
 * Asks that a person has a role for a time. Those who may give it are mailed.
 *
 * @throws AppError `auth.forbidden`, `user.not_found`, `input.invalid`, and the codes of role requests.
 */
export async function askForRole(
  core: Core,
  actor: Actor,
  input: RoleRequestInput,
): Promise<RoleRequestDocument> {
  await requireMayAsk(core, actor, await getUser(core, actor.tenantId, input.userId));
  const saved = await refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      const context = yield* openWrite(tx, core, actor);
      const { config, now, tenantId } = context;
      const user = yield* tx.tenant(tenantId).collection('users').get(input.userId);
      if (!user) throw new AppError('user.not_found', 'there is no such user');
      requireAskable(config, user, input.role);
      yield* closeOld(context, user._id, input.role);
      const request = yield* tx
        .tenant(tenantId)
        .collection('role_requests')
        .insert({
          _id: newId(),
          tenantId,
          user: { id: user._id, label: partyOf(user).label },
          role: input.role,
          requester: actor.party,
          ...(actor.makerId && { makerId: actor.makerId }),
          reason: input.reason,
          ...spanFields(input.span, now),
          state: 'pending',
          openKey: `${user._id} ${input.role}`,
          decision: null,
        });
      const changes = [{ path: 'reason', before: null, after: input.reason }];
      const target = requestParty(request);
      yield* recordEvent(tx, actor, { action: 'role_request.created', target, changes }, now);
      yield* mailApprovers(context, request);
      return request;
    }),
  );
  wakeJobs(core);
  return saved;
}

type Closing = (context: WriteContext, request: RoleRequestDocument) => Step<Omit<RoleDecision, 'by' | 'at'>>;

/** Closes an open request: of several at once, one. What the decision does belongs to the same transaction. */
async function close(
  core: Core,
  actor: Actor,
  id: string,
  state: 'approved' | 'denied' | 'cancelled',
  options: WriteOptions,
  work: Closing,
): Promise<RoleRequestDocument> {
  const closed = await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const { now, tenantId } = context;
    const requests = tx.tenant(tenantId).collection('role_requests');
    const before = yield* requests.get(id);
    if (!before) throw noRequest();
    requireVersion(before, options);
    if (before.state !== 'pending' || before.expiresAt <= now)
      throw new AppError('role_request.closed', 'the request is closed: it was decided, or it is too late');
    const decision: RoleDecision = { by: actor.party, at: now, ...(yield* work(context, before)) };
    const { openKey: _, ...rest } = before;
    const after = yield* requests.update(id, () => ({ ...rest, state, decision }));
    if (!after) throw noRequest();
    const changes = [{ path: 'message', before: null, after: decision.message }];
    const event = { action: `role_request.${state}`, target: requestParty(after), changes };
    yield* recordEvent(tx, actor, event, now);
    if (state !== 'cancelled') yield* mailDecision(context, after);
    return after;
  });
  wakeJobs(core);
  return closed;
}

/** A key acts under the self rules of the user who made it. */
function isOwn(
  { party, makerId }: Actor,
  { user, requester, makerId: askedFor }: RoleRequestDocument,
): boolean {
  const own = [party.id, makerId].filter((id) => typeof id === 'string');
  return [user.id, requester.id, askedFor].some((id) => typeof id === 'string' && own.includes(id));
}

/** @throws AppError `role_request.own`. */
function refuseOwn(actor: Actor, request: RoleRequestDocument): void {
  if (isOwn(actor, request))
    throw new AppError('role_request.own', 'another person has to decide on a request of your own');
}

function endOf(span: RoleSpan, now: Date): Date {
  return 'until' in span ? span.until : new Date(now.getTime() + span.seconds * 1000);
}

const spanOf = ({ until, seconds }: RoleRequestDocument): RoleSpan =>
  until ? { until } : { seconds: seconds ?? 0 };

export interface Approval {
  message?: string | undefined;
  /** In place of the time that was asked for. */
  span?: RoleSpan | undefined;
}

/**
 * Gives the role that was asked for; it ends by itself. Those who may give the role may approve, but no one their own request.
 *
 * @throws AppError `role_request.not_found`, `role_request.closed`, `role_request.own`, `role.not_grantable`, `user.above_actor`,
 *   `input.invalid`, `resource.version_mismatch`.
 */
export function approveRequest(
  core: Core,
  actor: Actor,
  id: string,
  { message = '', span }: Approval = {},
  options: WriteOptions = {},
): Promise<RoleRequestDocument> {
  return close(core, actor, id, 'approved', options, function* (context, request) {
    refuseOwn(actor, request);
    const { config, now, tx, tenantId } = context;
    const stored = yield* tx.tenant(tenantId).collection('users').get(request.user.id);
    const user = requireWritable(actor, stored, config);
    const wanted = endOf(span ?? spanOf(request), now);
    requireFuture(wanted, now);
    const held = user.grants.find(
      (grant) => grant.role === request.role && grant.type === 'manual' && isLive(grant, now),
    );
    const until = held && (held.until === null || held.until > wanted) ? held.until : wanted;
    const detail = `asked for by ${request.requester.label}, approved by ${actor.party.label}`;
    yield* grantStep(context, user, { role: request.role, until, detail });
    return { message, until };
  });
}

/**
 * Who refuses a request, or takes back another's, could give the role.
 *
 * @throws AppError `role.not_grantable`.
 */
function requireDecider({ actor, config }: WriteContext, { role }: RoleRequestDocument): void {
  const asked = config.roles.get(role);
  if (asked) requireGrantable(actor, [asked]);
}

/** @throws AppError as {@link approveRequest}. */
export function denyRequest(
  core: Core,
  actor: Actor,
  id: string,
  message: string,
  options: WriteOptions = {},
): Promise<RoleRequestDocument> {
  return close(core, actor, id, 'denied', options, function* (context, request) {
    refuseOwn(actor, request);
    requireDecider(context, request);
    return { message, until: null };
  });
}

/** Takes a request back: the one who made it, whom it is for, and those who may give roles. */
export function cancelRequest(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<RoleRequestDocument> {
  return close(core, actor, id, 'cancelled', options, function* (context, request) {
    if (!isOwn(actor, request)) {
      requirePermission(actor, 'roles.assign');
      requireDecider(context, request);
    }
    return { message: '', until: null };
  });
}
