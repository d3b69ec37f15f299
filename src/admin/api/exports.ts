import { writeEvent } from '../../identity/audit/audit.js';
import { accessRuleOf } from '../../identity/applications/access.js';
import { listVisibleApplications } from '../../identity/applications/find.js';
import type { Core } from '../../identity/core.js';
import { listRoles } from '../../identity/roles/roles.js';
import { serverOwner } from '../../identity/tenants/server-applications.js';
import { countEach, countHolders } from '../../identity/users/search.js';
import { iterateGroups, viewGroups, type GroupDocument } from '../../identity/groups/search.js';
import type { InvitationDocument } from '../../identity/invitations/invitations.js';
import { iterateInvitations } from '../../identity/invitations/search.js';
import { invitationStatus } from '../../identity/users/invitation-status.js';
import { sendCsv } from '../csv.js';
import { iso, isoOrNull } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { requireGroupsOn } from './group-target.js';
import { groupFilterOf, groupFilters } from './groups.js';
import { invitationFilters } from './invitations.js';

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
  query: z.strictObject(invitationFilters),
  produces: 'text/csv',
  async handler({ core, actor, query, ...reader }) {
    await writeEvent(core, actor, { action: 'invitations.exported' });
    const now = core.clock.now();
    const rows = invitationRows(iterateInvitations(core, actor.tenantId, query), now);
    await sendCsv(reader, 'invitations', now, invitationColumns, rows);
    return undefined;
  },
});

async function* eachOf(rows: readonly string[][]): AsyncGenerator<string[]> {
  yield* await Promise.resolve(rows);
}

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
  query: z.strictObject(groupFilters),
  produces: 'text/csv',
  async handler({ core, actor, query, ...reader }) {
    await requireGroupsOn(core, actor.tenantId);
    await writeEvent(core, actor, { action: 'groups.exported' });
    const rows = groupRows(core, actor.tenantId, iterateGroups(core, actor.tenantId, groupFilterOf(query)));
    await sendCsv(reader, 'groups', core.clock.now(), groupColumns, rows);
    return undefined;
  },
});

const roleColumns = [
  ...['Role', 'Application', 'Name', 'Description', 'Permissions'],
  ...['Constraints', 'Users', 'Built-in', 'Created'],
];

const exportRoles = route({
  method: 'get',
  path: '/roles/export.csv',
  id: 'exportRoles',
  summary: 'Roles with what they permit and how many users hold them, as CSV',
  tag: 'Roles',
  permission: 'roles.read',
  query: z.strictObject({ application: z.string().max(100).optional() }),
  produces: 'text/csv',
  async handler({ core, actor, query, ...reader }) {
    await writeEvent(core, actor, { action: 'roles.exported' });
    const { application } = query;
    const all = await listRoles(core, actor.tenantId);
    const roles = all.filter(
      ({ applicationKey }) => application === undefined || applicationKey === application,
    );
    const keys = roles.map(({ fullKey }) => fullKey);
    const counts = await countHolders(core, actor.tenantId, keys);
    const rows = roles.map((role, at) => [
      ...[role.fullKey, role.applicationKey ?? '', role.name, role.description, role.permissions.join(' ')],
      Object.keys(role.constraints).length === 0 ? '' : JSON.stringify(role.constraints),
      ...[String(counts[at] ?? 0), role.builtIn ? 'yes' : 'no', isoOrNull(role.createdAt) ?? ''],
    ]);
    await sendCsv(reader, 'roles', core.clock.now(), roleColumns, eachOf(rows));
    return undefined;
  },
});

const applicationColumns = [
  ...['Key', 'Name', 'Client Id', 'Of the server', 'Public', 'Redirect URIs'],
  ...['Access', 'Roles', 'Users', 'Created'],
];

const exportApplications = route({
  method: 'get',
  path: '/applications/export.csv',
  id: 'exportApplications',
  summary: 'Applications with their roles and how many users hold one, as CSV; never a secret',
  tag: 'Applications',
  permission: 'applications.manage',
  produces: 'text/csv',
  async handler({ core, actor, config, ...reader }) {
    await writeEvent(core, actor, { action: 'applications.exported' });
    const all = await listVisibleApplications(core, actor.tenantId);
    const shown = { showDisabled: true, showNonActivated: true };
    const counts = await countEach(
      core,
      actor.tenantId,
      all.map(({ key }) => ({ application: key, ...shown })),
    );
    const roles = [...config.roles.values()];
    const rows = all.map((one, at) => [
      ...[one.key, one.name, one.clientId, one.tenantId === serverOwner ? 'yes' : 'no'],
      ...[
        one.clientSecretHash ? 'no' : 'yes',
        one.redirectUris.join(' '),
        accessRuleOf(config.tenant, one._id).by,
      ],
      roles.flatMap(({ applicationKey, key }) => (applicationKey === one.key ? [key] : [])).join(' '),
      ...[String(counts[at] ?? 0), iso(one.createdAt)],
    ]);
    await sendCsv(reader, 'applications', core.clock.now(), applicationColumns, eachOf(rows));
    return undefined;
  },
});

export const exportRoutes: readonly Route[] = [
  exportInvitations,
  exportGroups,
  exportRoles,
  exportApplications,
];
