import { countAuditEvents } from '../../identity/audit/audit.js';
import type { Core } from '../../identity/core.js';
import { actionNouns } from '../../identity/events/catalogue.js';
import { countGroups } from '../../identity/groups/search.js';
import { countInvitations } from '../../identity/invitations/search.js';
import { countRequests } from '../../identity/roles/role-request-search.js';
import { invitationStatuses } from '../../identity/users/invitation-status.js';
import { countLogged } from '../../scim/log/preview.js';
import { countFacets, facetsOf, facetsParameter } from '../facets.js';
import { searchParameter } from '../list.js';
import { roleRequestStatuses } from '../present/role-request.js';
import { loginTypes } from '../present/user.js';
import { fullKeysOf } from '../role-names.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { auditFilterOf, auditFilters } from './audit-events.js';
import { directoryTag, targetDirectory } from './directories.js';
import { logFilterOf, logFilters, logMethods } from './directory-requests.js';
import { groupFilterOf, groupFilters } from './groups.js';
import { requireGroupsOn } from './group-target.js';
import { invitationFilters } from './invitations.js';
import { isPerson, roleRequestFilters } from './role-requests.js';

const ofInvitations = ['status', 'loginType'] as const;

const invitationFacets = route({
  method: 'get',
  path: '/invitations/facets',
  id: 'getInvitationFacets',
  summary: 'How many invitations there are of each status and login type, under the filters of the list',
  tag: 'Invitations',
  permission: 'users.read',
  query: z.strictObject({ ...invitationFilters, facets: facetsParameter(ofInvitations) }),
  output: facetsOf(ofInvitations).openapi('InvitationFacets'),
  async handler({ core, actor, query: { facets, ...filter } }) {
    const body = await countFacets(facets, {
      filter,
      valuesOf: (name) =>
        name === 'status'
          ? invitationStatuses.map((status) => [status, { status }] as const)
          : loginTypes.map((loginType) => [loginType, { loginType }] as const),
      count: (one) => countInvitations(core, actor.tenantId, one),
    });
    return { body };
  },
});

const ofGroups = ['directory'] as const;

const groupFacets = route({
  method: 'get',
  path: '/groups/facets',
  id: 'getGroupFacets',
  summary:
    'How many groups each directory pushes, and how many were made here (`none`), under the filters of the list',
  tag: 'Groups',
  permission: 'users.read',
  query: z.strictObject({ ...groupFilters, facets: facetsParameter(ofGroups) }),
  output: facetsOf(ofGroups).openapi('GroupFacets'),
  target: async (core: Core, tenantId: string) => requireGroupsOn(core, tenantId),
  async handler({ core, actor, config, query: { facets, ...query } }) {
    const ids = [...config.directories.keys()];
    const body = await countFacets(facets, {
      filter: groupFilterOf(query),
      valuesOf: () => [
        ['none', { directoryId: null }],
        ...ids.map((directoryId) => [directoryId, { directoryId }] as const),
      ],
      count: (one) => countGroups(core, actor.tenantId, one),
    });
    return { body };
  },
});

const ofRoleRequests = ['status'] as const;

const roleRequestFacets = route({
  method: 'get',
  path: '/role-requests/facets',
  id: 'getRoleRequestFacets',
  summary: 'How many role requests there are of each status, of those that the list shows',
  tag: 'Role requests',
  permission: 'roles.assign',
  openTo: isPerson,
  query: z.strictObject({ ...roleRequestFilters, facets: facetsParameter(ofRoleRequests) }),
  output: facetsOf(ofRoleRequests).openapi('RoleRequestFacets'),
  async handler({ core, actor, config, query: { facets, ...query } }) {
    const role = query.role === undefined ? undefined : fullKeysOf(config, [query.role])[0];
    const body = await countFacets(facets, {
      filter: { q: query.q, status: query.status, userId: query.user, role },
      valuesOf: () => roleRequestStatuses.map((status) => [status, { status }] as const),
      count: (one) => countRequests(core, actor, one),
    });
    return { body };
  },
});

const ofLog = ['result', 'method'] as const;
const results = ['success', 'failure'] as const;

const logFacets = route({
  method: 'get',
  path: '/directories/{id}/requests/facets',
  id: 'getScimRequestFacets',
  summary:
    'How many requests of a directory there are of each result and method, under the filters of the log',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  query: z.strictObject({ ...logFilters, facets: facetsParameter(ofLog) }),
  output: facetsOf(ofLog).openapi('ScimRequestFacets'),
  async handler({ core, actor, params, query: { facets, ...query } }) {
    const body = await countFacets(facets, {
      filter: logFilterOf(query),
      valuesOf: (name) =>
        name === 'result'
          ? results.map((result) => [result, { result }] as const)
          : logMethods.map((method) => [method, { method }] as const),
      count: (one) => countLogged(core, actor.tenantId, params.id, one),
    });
    return { body };
  },
});

const ofAudit = ['action', 'result'] as const;

const auditFacets = route({
  method: 'get',
  path: '/audit-events/facets',
  id: 'getAuditEventFacets',
  summary: 'How many events there are of each noun (`user.*`) and result, under the filters of the list',
  tag: 'Audit',
  permission: 'audit.read',
  query: z.strictObject({ ...auditFilters, q: searchParameter, facets: facetsParameter(ofAudit) }),
  output: facetsOf(ofAudit).openapi('AuditEventFacets'),
  async handler({ core, actor, query: { facets, ...query } }) {
    const body = await countFacets(facets, {
      filter: await auditFilterOf(core, actor, query),
      valuesOf: (name) =>
        name === 'result'
          ? (['success', 'failure'] as const).map((result) => [result, { result }] as const)
          : actionNouns.map((noun) => [`${noun}.*`, { action: `${noun}.*` }] as const),
      count: (one) => countAuditEvents(core, actor.tenantId, one),
    });
    return { body };
  },
});

export const listFacetRoutes: readonly Route[] = [
  invitationFacets,
  groupFacets,
  roleRequestFacets,
  logFacets,
  auditFacets,
];
