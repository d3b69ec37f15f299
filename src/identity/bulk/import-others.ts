import { AppError } from '../../shared/errors.js';
import { changeMembers } from '../groups/members.js';
import { namesFault } from '../imports/person.js';
import { readTable, type TableOptions } from '../imports/table.js';
import { invite } from '../invitations/invite.js';
import { requirePermission } from '../permissions.js';
import { tenantConfig } from '../tenants/config.js';
import { accessPeriodFault } from '../users/access-period.js';
import { findUserByLogin, getUser } from '../users/users.js';
import { loginTypes } from '../../persistence/collections/users.js';
import type { BulkRow } from './jobs.js';
import type { RowContext, RowHandler } from './run.js';

export const invitationImport = 'invitations.import';
export const memberImport = 'groups.import-members';

const invitationColumns = {
  email: ['e-mail', 'email address', 'mail'],
  givenName: ['first name', 'given_name'],
  familyName: ['last name', 'surname', 'family_name'],
  roles: ['role'],
  loginType: ['login', 'login type'],
  accessExpiresAt: ['access until', 'expires'],
  message: [],
};

const memberColumns = {
  id: ['user id'],
  email: ['e-mail', 'email address', 'mail'],
  userName: ['login'],
};

type Cells = Readonly<Record<string, string>>;

/** The rows of a CSV file of people to invite. @throws AppError `input.invalid`. */
export async function* rowsOfInvitations(content: string, options: TableOptions): AsyncGenerator<BulkRow> {
  const table = readTable(content, invitationColumns, options);
  for await (const { cells, line } of table) yield { line, label: cells['email'] ?? '', input: { ...cells } };
}

/** The rows of a CSV file of members: by id, address or userName. @throws AppError `input.invalid`. */
export async function* rowsOfMembers(content: string, options: TableOptions): AsyncGenerator<BulkRow> {
  for await (const { cells, line } of readTable(content, memberColumns, options)) {
    const label = cells['email'] ?? cells['userName'] ?? cells['id'] ?? '';
    yield { line, label, input: { ...cells } };
  }
}

/** What everybody of a file of invitations gets. */
export interface InvitationOptions {
  /** Full keys, for rows that name none. */
  roles: readonly string[];
  message: string;
}

/** When the access that a row gives ends. @throws AppError `input.invalid`. */
async function endOf({ actor, core }: RowContext, text: string | undefined): Promise<Date | null> {
  if (text === undefined) return null;
  const { settings } = await tenantConfig(core, actor.tenantId);
  const end = new Date(text);
  const fault = Number.isNaN(end.getTime())
    ? 'accessExpiresAt must be an instant (ISO 8601)'
    : accessPeriodFault(end, core.clock.now(), settings['access.temporaryMaxSeconds']);
  if (fault !== undefined) throw new AppError('input.invalid', fault);
  if (settings['invites.temporaryAllowed']) return end;
  throw new AppError('input.invalid', 'invitations are permanent in this tenant');
}

async function invitationOf(context: RowContext, cells: Cells) {
  const { message, roles } = context.job.options as typeof context.job.options & InvitationOptions;
  const loginType = loginTypes.find((one) => one === cells['loginType']?.toLowerCase());
  if (cells['loginType'] !== undefined && !loginType)
    throw new AppError('input.invalid', 'loginType must be local or sso');
  const named = cells['roles']?.split(/[\s,;|]+/).filter((role) => role !== '');
  const fault = namesFault(named ?? []);
  if (fault !== undefined) throw new AppError('input.invalid', fault);
  return {
    emails: [cells['email'] ?? ''],
    roles: named ?? roles,
    loginType,
    accessExpiresAt: await endOf(context, cells['accessExpiresAt']),
    message: cells['message'] ?? message,
    profile: { givenName: cells['givenName'], familyName: cells['familyName'] },
  };
}

/** One invitation. */
export const importInvitation: RowHandler = async (context, { input }) => {
  const invitation = await invitationOf(context, input as typeof input & Cells);
  if (invitation.roles.length > 0) requirePermission(context.actor, 'roles.assign');
  const [result] = await invite(context.core, context.actor, invitation);
  if (!result || result.outcome === 'invited') return 'done';
  return { code: `invitation.${result.outcome}`, reason: result.reason ?? result.outcome };
};

/** One member of a group. */
export const importMember: RowHandler = async ({ actor, core, job, note }, { input }) => {
  const cells = input as typeof input & Cells;
  const login = cells['email'] ?? cells['userName'];
  const user =
    cells['id'] === undefined
      ? login === undefined
        ? undefined
        : await findUserByLogin(core, actor.tenantId, login)
      : await getUser(core, actor.tenantId, cells['id']);
  if (!user) throw new AppError('user.not_found', 'there is no such user');
  note.userId = user._id;
  const group = String(job.options['group']);
  if (user.groupIds.includes(group)) return 'unchanged';
  await changeMembers(core, actor, group, { add: [user._id] });
  return 'done';
};
