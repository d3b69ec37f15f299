import type { CollectionName } from '../../persistence/collections/index.js';
import type { Query } from '../../persistence/store.js';
import { listApplications } from '../applications/find.js';
import type { Core } from '../core.js';
import { serverOwner } from '../tenants/server-applications.js';
import type { TenantDocument } from '../tenants/tenants.js';
import { tenantsNamed } from './export.js';

/** What stays behind of each collection, and what to do about it. */
const leftBehind = [
  ['users', { directoryId: { $gt: '' } }, 'users of directories: their directories send them again'],
  ['groups', { directoryId: { $gt: '' } }, 'groups of directories: their directories send them again'],
  [
    'invitations',
    { status: 'waiting' },
    'open invitations: the users are included, not yet activated; send the mails again',
  ],
  [
    'credentials',
    { passwordHash: { $gt: '' } },
    'passwords and second factors: people set new ones by "Forgot your password?"',
  ],
  [
    'applications',
    { clientSecretHash: { $gt: '' } },
    'client secrets of applications: give them in the file, or make new ones after the import',
  ],
  [
    'sso_connections',
    { clientSecret: { $gt: '' } },
    'client secrets of SSO connections: give them in the file',
  ],
  ['operator_keys', {}, 'operator keys'],
  ['api_keys', {}, 'API keys'],
  ['scim_tokens', {}, 'SCIM tokens'],
  [
    'scim_clients',
    { 'secrets.id': { $gt: '' } },
    'OAuth clients with secrets: give the secrets in the file, or make new ones after the import',
  ],
  [
    'directories',
    { 'google.serviceAccount': { $gt: '' } },
    'service account keys of Google directories: give them in the file, or afterwards',
  ],
  [
    'groups',
    { directoryId: null, groupIds: { $gt: '' } },
    'groups made here stand inside others: nesting is not in it',
  ],
] as const satisfies readonly (readonly [CollectionName, Query, string])[];

/** What a tenant holds and a file does not, in words: how many of each. */
async function leftOut(core: Core, { _id, slug, status, externalId }: TenantDocument): Promise<string[]> {
  const scope = core.store.tenant(_id);
  const found: [number, string][] = [
    [status === 'suspended' ? 1 : 0, 'suspension of the whole tenant'],
    [typeof externalId === 'string' ? 1 : 0, 'externalId of the tenant'],
  ];
  for (const [name, query, what] of leftBehind) {
    found.push([await scope.collection(name).count(query), what]);
  }
  return found.flatMap(([number, what]) =>
    number > 0 ? [`${slug}: not in the file: ${number} ${what}`] : [],
  );
}

/** The same of the applications of the server. */
async function leftOutOfServer(core: Core, slug: string | undefined): Promise<string[]> {
  const applications = await listApplications(core, serverOwner);
  const secrets = applications.filter(({ clientSecretHash }) => clientSecretHash !== null).length;
  const [number, what] =
    slug === undefined
      ? [secrets, 'client secrets of applications of the server: give them in the file']
      : [applications.length, 'applications of the server: an export of all tenants has them'];
  return number > 0 ? [`server: not in the file: ${number} ${what}`] : [];
}

/** What {@link exportBootstrap} could not put into the file, in words. */
export async function leftOutOf(core: Core, slug?: string): Promise<string[]> {
  const lines = await leftOutOfServer(core, slug);
  for (const tenant of await tenantsNamed(core, slug)) lines.push(...(await leftOut(core, tenant)));
  return lines;
}
