import type { CredentialDocument } from '../../persistence/collections/credentials.js';
import type { Documents } from '../../persistence/collections/index.js';
import { openScratchStore } from '../../persistence/connect.js';
import type { Store, StoredDocument } from '../../persistence/store.js';
import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import {
  applyBootstrap,
  BootstrapError,
  changedEntries,
  countEntries,
  type BootstrapFile,
  type BootstrapOutcome,
} from './bootstrap.js';
import { digestKey, openLedger } from './ledger.js';
import { readBootstrap, withoutFollowUps } from './read.js';
import type { BootstrapTenant } from './schema.js';
import type { Core } from '../core.js';
import { newServices } from '../services.js';
import { hasKeptKey } from '../keys/kept-keys.js';
import { loginKey } from '../email.js';
import { tenantConfig } from '../tenants/config.js';

/** What a tenant is set up with: few documents, and all that entries of the file can collide with or name. */
const setUp = [
  'tenants',
  'roles',
  'application_keys',
  'user_attributes',
  'applications',
  'sso_connections',
  'directories',
  'scim_clients',
  'scim_tokens',
  'api_keys',
  'operator_keys',
  'bootstrap_entries',
  'kept_keys',
] as const satisfies readonly (keyof Documents)[];

/** Passwords are not looked at: hashing them would take longer than everything else. */
const noPasswords: Core['passwords'] = {
  hash: () => Promise.resolve('rehearsed'),
  verify: () => Promise.resolve(true),
  verifyEach: (stored) => Promise.resolve(stored.map(() => true)),
  isForeign: () => false,
};

/** Those whom the file's users may be, and those who keep the last administrator's place. */
async function usersOf(core: Core, { slug, users = [], groups = [] }: BootstrapTenant) {
  const tenant = await core.store.server.collection('tenants').findOne({ slug });
  if (!tenant) return [];
  const stored = core.store.tenant(tenant._id).collection('users');
  const people = groups.flatMap(({ members = [], administrators = [] }) => [...members, ...administrators]);
  const own = users.flatMap(({ email, userName }) => [email, userName ?? email]);
  const names = [...own, ...people].map(loginKey);
  const { administratorRoles } = await tenantConfig(core, tenant._id);
  const found = [
    ...(await stored.find({ loginKeys: { $in: names } })),
    ...(await stored.find({ 'grants.role': { $in: [...administratorRoles] } })),
  ];
  return found;
}

async function copyDocuments<N extends keyof Documents>(
  into: Store,
  name: N,
  documents: readonly (Documents[N] & StoredDocument)[],
): Promise<void> {
  await into.server.collection(name).insertMany(documents);
}

/** Whom the tenant's entries were put on before, whatever their address is now. */
async function usersOnRecord(core: Core, { slug }: BootstrapTenant): Promise<UserDocument[]> {
  const tenant = await core.store.server.collection('tenants').findOne({ slug });
  if (!tenant) return [];
  const scope = core.store.tenant(tenant._id);
  const records = await scope.collection('bootstrap_entries').find({ kind: 'user' });
  const ids = records.flatMap(({ documentId }) => documentId ?? []);
  return ids.length === 0 ? [] : scope.collection('users').find({ _id: { $in: ids } });
}

/** The groups made by hand, as if nothing of them were still being written. */
async function groupsOf(core: Core, { slug, groups = [] }: BootstrapTenant): Promise<GroupDocument[]> {
  const tenant =
    groups.length > 0 ? await core.store.server.collection('tenants').findOne({ slug }) : undefined;
  if (!tenant) return [];
  const found = await core.store.tenant(tenant._id).collection('groups').find({ directoryId: null });
  return found.map(({ pendingParts: _, ...group }) => group);
}

/** What the administrators for emergencies of a tenant sign in with. */
async function emergencyCredentials(core: Core, { slug }: BootstrapTenant): Promise<CredentialDocument[]> {
  const tenant = await core.store.server.collection('tenants').findOne({ slug });
  const ids = tenant?.breakGlass?.map(({ userId }) => userId) ?? [];
  if (!tenant || ids.length === 0) return [];
  return core.store
    .tenant(tenant._id)
    .collection('credentials')
    .find({ _id: { $in: ids } });
}

async function copySetUp(core: Core, into: Store, tenants: readonly BootstrapTenant[]): Promise<void> {
  for (const name of setUp)
    await copyDocuments(into, name, await core.store.server.collection(name).find({}));
  // Who applies the file for good at this moment has no hold on the copy.
  await into.server.collection('bootstrap_entries').removeMany({ kind: 'lease' });
  for (const tenant of tenants) {
    const users = [...(await usersOf(core, tenant)), ...(await usersOnRecord(core, tenant))];
    await copyDocuments(into, 'groups', await groupsOf(core, tenant));
    await copyDocuments(into, 'credentials', await emergencyCredentials(core, tenant));
    await copyDocuments(into, 'users', [...new Map(users.map((user) => [user._id, user])).values()]);
  }
}

/** The entries of which anything would be written; all on a database that has never seen a file. Writes nothing. */
async function entriesToTry(core: Core, file: BootstrapFile): Promise<BootstrapFile> {
  return (await hasKeptKey(core, digestKey)) ? changedEntries(await openLedger(core), file) : file;
}

/** What a file did to the copy it was tried on. */
export interface Tried {
  /** With the copy as its database. */
  copy: Core;
  outcome: BootstrapOutcome;
  /** The entries of which anything was written. */
  entries: BootstrapFile;
}

export interface RehearsalOptions {
  again?: boolean;
  /** The file as it was written, of which only what is sound was read. */
  json?: unknown;
  /** Looks at the copy before it is gone; not called when nothing would be written. */
  look?: (tried: Tried) => Promise<void>;
}

/**
 * Applies a bootstrap file to a copy of what it would meet, and throws the copy away: everything that would be refused is found, and
 * nothing is written.
 *
 * @throws BootstrapError naming every problem by its JSON path.
 */
export async function rehearseBootstrap(
  core: Core,
  file: BootstrapFile,
  { again = false, json = file, look }: RehearsalOptions = {},
): Promise<void> {
  const entries = again ? file : await entriesToTry(core, file);
  if (countEntries(entries) === 0) return;
  const rehearse = async (inOrder: boolean): Promise<void> => {
    const store = await openScratchStore(core.clock);
    try {
      await copySetUp(core, store, entries.tenants);
      const copy: Core = { ...core, ...newServices(), store, passwords: noPasswords };
      const outcome = await applyBootstrap(copy, file, { again, inOrder });
      await look?.({ copy, outcome, entries });
    } finally {
      await store.close();
    }
  };
  try {
    await rehearse(false).catch((error: unknown) => {
      // Of two entries that cannot both stand, the later one in the file is refused.
      if (error instanceof BootstrapError) return rehearse(true);
      throw error;
    });
  } catch (error) {
    throw error instanceof BootstrapError
      ? new BootstrapError(withoutFollowUps(error.problems, json))
      : error;
  }
}

/**
 * Reads a bootstrap file and tries it on a copy of what it would meet.
 *
 * @param json - the parsed JSON.
 * @throws BootstrapError naming everything that is wrong with it, of every kind, at once.
 */
export async function planBootstrap(
  core: Core,
  json: unknown,
  again = false,
  look?: RehearsalOptions['look'],
): Promise<BootstrapFile> {
  const { file, problems } = readBootstrap(json);
  const refused = await rehearseBootstrap(core, file, { again, json, ...(look && { look }) }).then(
    () => [],
    (error: unknown) => {
      if (error instanceof BootstrapError) return error.problems;
      throw error;
    },
  );
  const found = [...new Set([...problems, ...refused])];
  if (found.length > 0) throw new BootstrapError(withoutFollowUps(found, json));
  return file;
}
