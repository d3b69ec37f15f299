import type { Grant, UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { systemActor } from '../actors.js';
import type { Actor, Core } from '../core.js';
import { isLive, withGrants } from '../grants/grants.js';
import { enqueueJob, wakeJobs, type JobDocument } from '../jobs/queue.js';
import { requireGrantable } from '../permissions.js';
import type { WriteOptions } from '../versions.js';
import { writeUser } from './actions.js';
import { requireAuthority } from './authority.js';
import { requireGivable } from './build.js';
import { openWrite, saveUser, type WriteContext } from './save.js';

/** Kind of the job that takes away what was given until now. */
export const grantEndJob = 'grants.end';

/** A role to be given by hand. */
export interface TimedRole {
  /** Full key. */
  role: string;
  /** null: without an end. */
  until: Date | null;
  /** Who gave it and why, for people; absent: the actor. */
  detail?: string;
}

/** @throws AppError `input.invalid`. */
export function requireFuture(until: Date | null, now: Date): void {
  if (until === null || until > now) return;
  throw new AppError('input.invalid', 'the role would have ended already', {
    errors: [{ pointer: '/until', detail: 'must lie in the future' }],
  });
}

/**
 * Gives one role by hand, in place of what was given by hand of the same role, as a step of a transaction. It ends by itself: no one has it
 * from that instant on, and a job then takes the grant away.
 *
 * Call `wakeJobs` after the transaction.
 *
 * @throws AppError `input.invalid`, `role.not_grantable`, `user.above_actor`, `user.last_administrator`.
 */
export function* grantStep(
  context: WriteContext,
  user: UserDocument,
  { role, until, detail }: TimedRole,
): Step<UserDocument> {
  const { actor, config, now, tx, tenantId } = context;
  requireFuture(until, now);
  requireAuthority(actor, user, config, now);
  const isOwn = (grant: Grant): boolean => grant.type === 'manual' && grant.role === role;
  const others = user.grants.filter((grant) => grant.type === 'manual' && !isOwn(grant));
  const held = others.filter((grant) => isLive(grant, now)).map((grant) => grant.role);
  requireGivable(context, [...held, role], held);
  const before = user.grants.find((grant) => isOwn(grant) && isLive(grant, now));
  const grant: Grant = {
    role,
    type: 'manual',
    detail: detail ?? before?.detail ?? `given by ${actor.party.label}`,
    sourceId: null,
    since: before?.since ?? now,
    until,
  };
  const kept = user.grants.filter((one) => !isOwn(one));
  const saved = yield* saveUser(context, user, { ...user, grants: withGrants(kept, [grant]) });
  if (until !== null && saved !== user) {
    const payload = { userId: user._id };
    yield* enqueueJob(tx, tenantId, { kind: grantEndJob, payload, runAt: until }, now);
  }
  return saved;
}

/** {@link grantStep} as a change of its own. */
export function grantRole(
  core: Core,
  actor: Actor,
  userId: string,
  role: TimedRole,
  options: WriteOptions = {},
): Promise<UserDocument> {
  return writeUser(core, actor, userId, options, (context, user) => grantStep(context, user, role));
}

/**
 * Takes one role that was given by hand or by an invitation; what rules, groups and SSO give stays.
 *
 * @throws AppError `grant.not_found`, `role.not_grantable`, and as {@link grantStep}.
 */
export function withdrawRole(
  core: Core,
  actor: Actor,
  userId: string,
  role: string,
  options: WriteOptions = {},
): Promise<UserDocument> {
  return writeUser(core, actor, userId, options, function* (context, user) {
    const { config, now } = context;
    requireAuthority(actor, user, config, now);
    const isGiven = (grant: Grant): boolean =>
      grant.role === role && (grant.type === 'manual' || grant.type === 'invite');
    const grants = user.grants.filter((grant) => !isGiven(grant));
    if (grants.length === user.grants.length) {
      throw new AppError('grant.not_found', 'the user was not given this role by hand or by an invitation');
    }
    requireGrantable(actor, [config.roles.get(role) ?? []].flat());
    return yield* saveUser(context, user, { ...user, grants });
  });
}

/** The job at the end of a role given for a time. What was prolonged since has a job of its own. */
export async function endGrants(core: Core, job: JobDocument): Promise<void> {
  const userId = String(job.payload['userId']);
  await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, systemActor(job.tenantId));
    const user = yield* tx.tenant(job.tenantId).collection('users').get(userId);
    if (!user) return;
    const grants = user.grants.filter((grant) => isLive(grant, context.now));
    if (grants.length < user.grants.length) yield* saveUser(context, user, { ...user, grants });
  });
  wakeJobs(core);
}
