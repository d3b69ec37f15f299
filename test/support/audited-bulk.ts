import { createApiKey } from '../../src/identity/applications/api-keys.js';
import { createGroup } from '../../src/identity/groups/groups.js';
import { newId } from '../../src/shared/ids.js';
import { createView } from '../../src/identity/views/saved-views.js';
import type { ApiTenant } from './api.js';
import type { TestApp } from './app.js';
import type { Case } from './audited-things.js';

interface Given {
  app: TestApp;
  acme: ApiTenant;
}

/** A bulk job that nobody works on. @returns its id. */
export async function givenWaitingBulk({ app, acme }: Given): Promise<string> {
  const tenantId = acme.tenant._id;
  const made = { _id: newId(), tenantId, kind: 'users.enable', permission: 'users.enable', isDryRun: false };
  const rows = { total: 0, parts: 0, partsDone: 0, counts: { done: 0, unchanged: 0, refused: 0 } };
  const times = { startedAt: null, finishedAt: null, expiresAt: new Date(Date.now() + 86_400_000) };
  const actor = { type: 'system', id: 'system', label: 'Gatehouse' };
  const origin = { requestId: null, ip: null };
  await app.core.store
    .tenant(tenantId)
    .collection('bulk_jobs')
    .insert({ ...made, ...rows, ...times, actor, origin, status: 'waiting', options: {}, reason: null });
  return made._id;
}

/** Bulk actions and imports: that they were begun. What each row does is told like any change. */
export function bulkCases(given: () => Given): Case[] {
  const nothing = (): Promise<string> => Promise.resolve('');
  const started = (_id: string, _second: string, made: string): string[] => [`bulk.started bulk_job ${made}`];
  const view = async (): Promise<string> => {
    const { acme, app } = given();
    const input = { list: 'users', name: newId(), query: 'status=locked', isShared: true } as const;
    return (await createView(app.core, acme.system, input))._id;
  };
  const apiKey = async (): Promise<string> => {
    const { acme, app } = given();
    const input = { name: newId(), role: 'administrator' };
    return (await createApiKey(app.core, acme.system, input)).document._id;
  };
  return [
    [
      'a CSV of invitations',
      nothing,
      () => ['get', '/invitations/export.csv'],
      () => ['invitations.exported - -'],
    ],
    ['a CSV of groups', nothing, () => ['get', '/groups/export.csv'], () => ['groups.exported - -']],
    [
      'PATCH an API key',
      apiKey,
      (id) => ['patch', `/api-keys/${id}`, { scopes: ['users.read'] }],
      (id) => [`api_key.updated api_key ${id}`],
    ],
    [
      'another value of an API key',
      apiKey,
      (id) => ['post', `/api-keys/${id}/rotate`],
      (id) => [`api_key.rotated api_key ${id}`],
    ],
    [
      'a saved view',
      nothing,
      () => ['post', '/views', { list: 'users', name: newId(), query: '' }],
      (_, __, made) => [`view.created view ${made}`],
    ],
    [
      'PATCH a saved view',
      view,
      (id) => ['patch', `/views/${id}`, { query: 'status=active' }],
      (id) => [`view.updated view ${id}`],
    ],
    ['DELETE a saved view', view, (id) => ['delete', `/views/${id}`], (id) => [`view.deleted view ${id}`]],
    ['a bulk action', nothing, () => ['post', '/users/bulk', { action: 'enable', ids: [newId()] }], started],
    [
      'an import of users',
      nothing,
      () => ['post', '/users/import', { format: 'csv', content: 'email' }],
      started,
    ],
    [
      'an import of invitations',
      nothing,
      () => ['post', '/invitations/import', { content: 'email' }],
      started,
    ],
    [
      'cancel a bulk job',
      () => givenWaitingBulk(given()),
      (id) => ['post', `/bulk/${id}/cancel`],
      (id) => [`bulk.cancelled bulk_job ${id}`],
    ],
    [
      'an import of members',
      async () => {
        const { acme, app } = given();
        const input = { displayName: newId(), externalId: null, attributes: {} };
        return (await createGroup(app.core, acme.system, input))._id;
      },
      (id) => ['post', `/groups/${id}/members/import`, { content: 'email' }],
      started,
    ],
  ];
}
