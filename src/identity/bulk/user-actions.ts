import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { removeTwoFactor } from '../credentials/two-factor.js';
import { changeMembers } from '../groups/members.js';
import { sendActivation } from '../invitations/activation.js';
import { endAccess, setApproved, setEnabled, setManualRoles, unlockUser } from '../users/actions.js';
import { iterateUsers, type UserFilter } from '../users/search.js';
import { deleteUser } from '../users/removal.js';
import { inputOf, type UserInput } from '../users/input.js';
import { getUser, updateUser, type UserDocument } from '../users/users.js';
import type { BulkRow } from './jobs.js';
import type { RowContext, RowHandler, RowHandlers } from './run.js';

/** What can be done with many users, and the permission it takes. */
export const bulkActions = {
  enable: 'users.enable',
  disable: 'users.enable',
  unlock: 'users.enable',
  approve: 'users.approve',
  resend: 'users.create',
  'end-sessions': 'sessions.invalidate',
  'reset-2fa': 'users.reset_2fa',
  'set-access-end': 'users.update',
  'add-role': 'roles.assign',
  'remove-role': 'roles.assign',
  'add-group': 'groups.manage',
  'remove-group': 'groups.manage',
  delete: 'users.delete',
} as const;

export type BulkAction = keyof typeof bulkActions;
export const bulkActionNames = Object.keys(bulkActions) as [BulkAction, ...BulkAction[]];

/** Further facts of an action. */
export interface BulkActionOptions {
  /** add-role, remove-role: full key. */
  role?: string | undefined;
  /** add-group, remove-group: id. */
  group?: string | undefined;
  /** set-access-end: an instant (ISO 8601); null: without an end. */
  accessExpiresAt?: string | null | undefined;
  /** disable: as for one user. */
  hold?: boolean | undefined;
}

/** Does it for one user; what it finds done already it leaves. */
type UserAction = (
  context: RowContext,
  user: UserDocument,
  options: BulkActionOptions,
) => Promise<'done' | 'unchanged'>;

const manualRoles = ({ grants }: UserDocument): string[] =>
  grants.filter(({ type }) => type === 'manual').map(({ role }) => role);

/** Roles given by hand are set as a whole: a change by another writer makes the row begin again. */
async function putRole(context: RowContext, user: UserDocument, role: string, isHeld: boolean) {
  const before = manualRoles(user);
  if (before.includes(role) === isHeld) return 'unchanged';
  const after = isHeld ? [...before, role] : before.filter((one) => one !== role);
  await setManualRoles(context.core, context.actor, user._id, after, { ifVersion: user.version });
  return 'done';
}

async function putGroup({ actor, core }: RowContext, user: UserDocument, group: string, isMember: boolean) {
  if (user.groupIds.includes(group) === isMember) return 'unchanged';
  await changeMembers(core, actor, group, isMember ? { add: [user._id] } : { remove: [user._id] });
  return 'done';
}

const actions: Readonly<Record<BulkAction, UserAction>> = {
  async enable({ actor, core }, user) {
    if (user.enabled) return 'unchanged';
    await setEnabled(core, actor, user._id, true);
    return 'done';
  },
  async disable({ actor, core }, user, { hold }) {
    if (!user.enabled && hold === undefined) return 'unchanged';
    await setEnabled(core, actor, user._id, false, { hold });
    return 'done';
  },
  async approve({ actor, core }, user) {
    if (user.approved) return 'unchanged';
    await setApproved(core, actor, user._id, true);
    return 'done';
  },
  async unlock({ actor, core }, user) {
    const credentials = core.store.tenant(user.tenantId).collection('credentials');
    const lockedUntil = (await credentials.get(user._id))?.lockedUntil ?? null;
    if (lockedUntil === null || lockedUntil <= core.clock.now()) return 'unchanged';
    await unlockUser(core, actor, user._id);
    return 'done';
  },
  async 'reset-2fa'({ actor, core }, user) {
    await removeTwoFactor(core, actor, user);
    return 'done';
  },
  async 'set-access-end'({ actor, core }, user, { accessExpiresAt = null }) {
    const end = accessExpiresAt === null ? null : new Date(accessExpiresAt);
    if ((user.accessExpiresAt?.getTime() ?? null) === (end?.getTime() ?? null)) return 'unchanged';
    const change = (stored: UserDocument): UserInput => ({ ...inputOf(stored), accessExpiresAt: end });
    await updateUser(core, actor, user._id, change, { decides: true });
    return 'done';
  },
  async resend({ actor, core }, user) {
    if (user.activatedAt !== null) return 'unchanged';
    await sendActivation(core, actor, user);
    return 'done';
  },
  async 'end-sessions'({ actor, core }, user) {
    await endAccess(core, actor, user._id);
    return 'done';
  },
  'add-role': (context, user, { role = '' }) => putRole(context, user, role, true),
  'remove-role': (context, user, { role = '' }) => putRole(context, user, role, false),
  'add-group': (context, user, { group = '' }) => putGroup(context, user, group, true),
  'remove-group': (context, user, { group = '' }) => putGroup(context, user, group, false),
  async delete({ actor, core }, user) {
    await deleteUser(core, actor, user._id);
    return 'done';
  },
};

/** How often a row begins again because another write changed its user first. */
const maxAttempts = 5;

const handlerOf =
  (action: UserAction): RowHandler =>
  async (context, row) => {
    for (let attempt = 1; ; attempt += 1) {
      const user = await getUser(context.core, context.actor.tenantId, row.userId ?? '');
      context.note.label = user.email ?? user.userName;
      try {
        return await action(context, user, context.job.options);
      } catch (error) {
        const isStale = error instanceof AppError && error.code === 'resource.version_mismatch';
        if (!isStale || attempt === maxAttempts) throw error;
      }
    }
  };

/** The kind of a bulk action's job. */
export const kindOfAction = (action: BulkAction): string => `users.${action}`;

export const userActionHandlers: RowHandlers = Object.fromEntries(
  bulkActionNames.map((action) => [kindOfAction(action), handlerOf(actions[action])]),
);

/** A row for each of these users, once each. */
export function* rowsOfIds(ids: readonly string[]): Generator<BulkRow> {
  let line = 0;
  for (const userId of new Set(ids)) {
    line += 1;
    yield { line, label: userId, userId };
  }
}

/** A row for each user who matches now. */
export async function* rowsOfFilter(
  core: Core,
  tenantId: string,
  filter: UserFilter,
): AsyncGenerator<BulkRow> {
  let line = 0;
  for await (const { _id } of iterateUsers(core, tenantId, filter, { fields: [] })) {
    line += 1;
    yield { line, label: _id, userId: _id };
  }
}
