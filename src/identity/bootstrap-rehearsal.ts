import type { Documents } from '../persistence/collections/index.js';
import { openScratchStore } from '../persistence/connect.js';
import type { Store, StoredDocument } from '../persistence/store.js';
import { applyBootstrap, type BootstrapFile } from './bootstrap.js';
import type { Core } from './core.js';
import { loginKey } from './email-domain.js';
import { tenantConfig } from './tenant-config.js';

/** What a tenant is set up with: few documents, and all that entries of the file can collide with or name. */
const setUp = [
  'tenants',
  'roles',
  'applications',
  'sso_connections',
  'directories',
  'scim_tokens',
  'api_keys',
] as const satisfies readonly (keyof Documents)[];

/** Passwords are not looked at: hashing them would take longer than everything else. */
const noPasswords: Core['passwords'] = {
  hash: () => Promise.resolve('rehearsed'),
  verify: () => Promise.resolve(true),
};

/** Those whom the file's users may be, and those who keep the last administrator's place. */
async function usersOf(core: Core, { slug, users = [] }: BootstrapFile['tenants'][number]) {
  const tenant = await core.store.server.collection('tenants').findOne({ slug });
  if (!tenant) return [];
  const stored = core.store.tenant(tenant._id).collection('users');
  const names = users.flatMap(({ email, userName }) => [email, userName ?? email]).map(loginKey);
  const { administratorRoles } = await tenantConfig(core, tenant._id);
  const found = [
    ...(await stored.find({ loginKeys: { $in: names } })),
    ...(await stored.find({ 'grants.role': { $in: [...administratorRoles] } })),
  ];
  return [...new Map(found.map((user) => [user._id, user])).values()];
}

async function copy<N extends keyof Documents>(
  into: Store,
  name: N,
  documents: readonly (Documents[N] & StoredDocument)[],
): Promise<void> {
  await into.server.collection(name).insertMany(documents);
}

async function copySetUp(core: Core, into: Store, file: BootstrapFile): Promise<void> {
  for (const name of setUp) await copy(into, name, await core.store.server.collection(name).find({}));
  for (const tenant of file.tenants) await copy(into, 'users', await usersOf(core, tenant));
}

/**
 * Applies a bootstrap file to a copy of what it would meet, and throws the copy away: everything that would be refused is found, and
 * nothing is written.
 *
 * @throws BootstrapError naming every problem by its JSON path.
 */
export async function rehearseBootstrap(core: Core, file: BootstrapFile): Promise<void> {
  const store = await openScratchStore(core.clock);
  try {
    await copySetUp(core, store, file);
    await applyBootstrap({ ...core, store, passwords: noPasswords }, file);
  } finally {
    await store.close();
  }
}
