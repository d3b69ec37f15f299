import { createClient, getClient } from '../../src/identity/directories/clients.js';
import { createDirectory } from '../../src/identity/directories/directories.js';
import { createToken } from '../../src/identity/directories/tokens.js';
import type { ApiTenant } from './api.js';
import type { TestApp } from './app.js';
import type { Case } from './audited-things.js';
import { unique } from './people.js';

const google = { kind: 'google', google: { administrator: 'admin@acme.test' } } as const;
const rule = { when: { path: 'title', is: 'x' }, grant: ['crm:agent'] };

/** The changes of directories, their rules, tokens and clients. */
export function directoryCases(scene: () => { app: TestApp; acme: ApiTenant }): Case[] {
  const nothing = () => Promise.resolve('');
  const directory = async (): Promise<string> =>
    (await createDirectory(scene().app.core, scene().acme.system, { name: unique('D') }))._id;
  const token = async (): Promise<[string, string]> => {
    const id = await directory();
    return [id, (await createToken(scene().app.core, scene().acme.system, id, { name: 't' })).document._id];
  };

  const client = async (): Promise<[string, string]> => {
    const id = await directory();
    return [id, (await createClient(scene().app.core, scene().acme.system, id, { name: 'c' })).client._id];
  };
  const clientWithSecret = async (): Promise<[string, string]> => {
    const [id, clientId] = await client();
    const { secrets } = await getClient(scene().app.core, scene().acme.tenant._id, id, clientId);
    return [id, `${clientId}/secrets/${secrets[0]!.id}`];
  };

  return [
    [
      'POST /directories',
      nothing,
      () => ['post', '/directories', { name: unique('new') }],
      (_, __, id) => [`directory.created directory ${id}`],
    ],
    [
      'PATCH a directory',
      directory,
      (id) => ['patch', `/directories/${id}`, { enabled: false }],
      (id) => [`directory.updated directory ${id}`],
    ],
    [
      'POST a rule',
      directory,
      (id) => ['post', `/directories/${id}/rules`, rule],
      (id) => [`directory.updated directory ${id}`],
    ],
    [
      'PUT the rules',
      directory,
      (id) => ['put', `/directories/${id}/rules`, { rules: [rule] }],
      (id) => [`directory.updated directory ${id}`],
    ],
    [
      'DELETE a rule',
      async () => {
        const id = await directory();
        const { body } = await scene().acme.call('post', `/directories/${id}/rules`).send(rule);
        return [id, (body as { id: string }).id];
      },
      (id, second) => ['delete', `/directories/${id}/rules/${second}`],
      (id) => [`directory.updated directory ${id}`],
    ],
    [
      'pull a directory',
      async () =>
        (await createDirectory(scene().app.core, scene().acme.system, { name: unique('D'), ...google }))._id,
      (id) => ['post', `/directories/${id}/pull`, {}],
      (id) => [`directory.pull_requested directory ${id}`],
    ],
    ...(['release', 'drop'] as const).map((decision): Case => [
      `${decision} held changes`,
      directory,
      (id) => ['post', `/directories/${id}/held-changes/${decision}`, {}],
      (id, _, job) => [
        `bulk.started bulk_job ${job}`,
        `directory.changes_${decision === 'drop' ? 'dropped' : 'released'} directory ${id}`,
      ],
    ]),
    [
      'DELETE a directory',
      directory,
      (id) => ['delete', `/directories/${id}`],
      (id) => [`directory.deleted directory ${id}`],
    ],
    [
      'POST a SCIM token',
      directory,
      (id) => ['post', `/directories/${id}/tokens`, { name: 't' }],
      (_, __, id) => [`scim_token.created scim_token ${id}`],
    ],
    [
      'rotate a SCIM token',
      token,
      (id, second) => ['post', `/directories/${id}/tokens/${second}/rotate`, {}],
      (_, __, id) => [`scim_token.rotated scim_token ${id}`],
    ],
    [
      'DELETE a SCIM token',
      token,
      (id, second) => ['delete', `/directories/${id}/tokens/${second}`],
      (_, second) => [`scim_token.revoked scim_token ${second}`],
    ],
    [
      'POST an OAuth client',
      directory,
      (id) => ['post', `/directories/${id}/clients`, { name: 'c' }],
      (_, __, id) => [`scim_client.created scim_client ${id}`],
    ],
    [
      'PATCH an OAuth client',
      client,
      (id, second) => ['patch', `/directories/${id}/clients/${second}`, { name: 'other' }],
      (_, second) => [`scim_client.updated scim_client ${second}`],
    ],
    [
      'DELETE an OAuth client',
      client,
      (id, second) => ['delete', `/directories/${id}/clients/${second}`],
      (_, second) => [`scim_client.deleted scim_client ${second}`],
    ],
    [
      'POST a client’s secret',
      client,
      (id, second) => ['post', `/directories/${id}/clients/${second}/secrets`],
      (_, second) => [`scim_client.secret_created scim_client ${second}`],
    ],
    [
      'DELETE a client’s secret',
      clientWithSecret,
      (id, second) => ['delete', `/directories/${id}/clients/${second}`],
      (_, second) => [`scim_client.secret_deleted scim_client ${second.split('/')[0] ?? ''}`],
    ],
  ];
}
