import { writeEvent } from '../../identity/audit/audit.js';
import type { Core } from '../../identity/core.js';
import { iterateGroups, viewGroups, type GroupDocument } from '../../identity/groups/search.js';
import type { InvitationDocument } from '../../identity/invitations/invitations.js';
import { iterateInvitations } from '../../identity/invitations/search.js';
import { invitationStatus, invitationStatuses } from '../../identity/users/invitation-status.js';
import { sendCsv } from '../csv.js';
import { searchParameter } from '../list.js';
import { iso, isoOrNull } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { requireGroupsOn } from './group-target.js';

const permission = 'users.export';

const invitationColumns = [
  ...['Email', 'Status', 'Roles', 'Login', 'Access Until'],
  ...['Sender', 'Created', 'Responded', 'Expires'],
];

async function* invitationRows(
  invitations: AsyncIterable<InvitationDocument>,
  now: Date,
): AsyncGenerator<string[]> {
  for await (const one of invitations)
    yield [
      one.email,
      invitationStatus(one, now),
      one.roles.join(' '),
      one.loginType,
      isoOrNull(one.accessExpiresAt) ?? '',
      one.sender.name,
      iso(one.createdAt),
      isoOrNull(one.respondedAt) ?? '',
      iso(one.expiresAt),
    ];
}

const exportInvitations = route({
  method: 'get',
  path: '/invitations/export.csv',
  id: 'exportInvitations',
  summary: 'Invitations as CSV, under the filters of the list',
  tag: 'Invitations',
  permission,
  query: z.strictObject({ q: searchParameter, status: z.enum(invitationStatuses).optional() }),
  produces: 'text/csv',
  async handler({ core, actor, query, ...reader }) {
    await writeEvent(core, actor, { action: 'invitations.exported' });
    const now = core.clock.now();
    const rows = invitationRows(iterateInvitations(core, actor.tenantId, query), now);
    await sendCsv(reader, 'invitations', now, invitationColumns, rows);
    return undefined;
  },
});

const groupColumns = ['Name', 'External Id', 'Members', 'Administrators', 'Roles', 'Source', 'Created'];
const groupsAtOnce = 100;

async function* groupRows(
  core: Core,
  tenantId: string,
  groups: AsyncIterable<GroupDocument>,
): AsyncGenerator<string[]> {
  const rowsOf = async (batch: readonly GroupDocument[]): Promise<string[][]> =>
    (await viewGroups(core, tenantId, batch)).map(({ administrators, directory, group, memberCount }) => [
      group.displayName,
      group.externalId ?? '',
      String(memberCount),
      administrators.map(({ displayName }) => displayName).join(', '),
      (group.roleIds ?? []).join(' '),
      directory?.name ?? 'local',
      iso(group.createdAt),
    ]);
  let batch: GroupDocument[] = [];
  for await (const group of groups) {
    batch.push(group);
    if (batch.length < groupsAtOnce) continue;
    yield* await rowsOf(batch);
    batch = [];
  }
  yield* await rowsOf(batch);
}

const exportGroups = route({
  method: 'get',
  path: '/groups/export.csv',
  id: 'exportGroups',
  summary: 'Groups as CSV',
  tag: 'Groups',
  permission,
  query: z.strictObject({ q: searchParameter, directory: z.string().max(200).optional() }),
  produces: 'text/csv',
  async handler({ core, actor, query, ...reader }) {
    await requireGroupsOn(core, actor.tenantId);
    await writeEvent(core, actor, { action: 'groups.exported' });
    const filter = { q: query.q, directoryId: query.directory };
    const rows = groupRows(core, actor.tenantId, iterateGroups(core, actor.tenantId, filter));
    await sendCsv(reader, 'groups', core.clock.now(), groupColumns, rows);
    return undefined;
  },
});

export const exportRoutes: readonly Route[] = [exportInvitations, exportGroups];
