import { AppError } from '../shared/errors.js';
import { systemActor } from './actors.js';
import { createApiKey, listApiKeys, updateApiKey } from './api-keys.js';
import { createApplication, listApplications, updateApplication } from './applications.js';
import { all, at, each, upsert, type BootstrapOutcome, type Run } from './bootstrap-run.js';
import type {
  BootstrapApiKey,
  BootstrapApplication,
  BootstrapConnection,
  BootstrapDirectory,
  BootstrapFile,
  BootstrapRole,
  BootstrapTenant,
  BootstrapUser,
} from './bootstrap-schema.js';
import type { Core } from './core.js';
import { createDirectory, findDirectoryByName, updateDirectory } from './directories.js';
import { createToken, listTokens, replaceToken } from './directory-tokens.js';
import { createRole, fullKeyOf, roleCatalogue, updateRole } from './roles.js';
import { createConnection, listConnections, updateConnection } from './sso-connections.js';
import { createTenant, findTenantBySlug, updateTenant } from './tenants.js';
import type { SettingsPatch } from './tenant-settings.js';
import { withAccess } from './user-access.js';
import { inputOf, withProfile } from './user-input.js';
import { createUser, findUserByLogin, updateUser, type UserDocument } from './users.js';

export { BootstrapError, parseBootstrap, weakSecrets, type BootstrapFile } from './bootstrap-schema.js';

function applyRole(run: Run, entry: BootstrapRole, applicationKey: string | null): Promise<void> {
  const { core, actor } = run;
  const input = { ...entry, description: entry.description ?? '', applicationKey };
  const find = async () => {
    const role = (await roleCatalogue(core, actor.tenantId)).get(fullKeyOf(input));
    return role?.builtIn ? undefined : role;
  };
  return upsert(
    run,
    find,
    () => createRole(core, actor, input),
    (role, options) => updateRole(core, actor, role.id, entry, options),
  );
}

async function applyApplication(run: Run, entry: BootstrapApplication, path: string): Promise<void> {
  const { core, actor } = run;
  const { roles, ...application } = entry;
  await upsert(
    run,
    async () => (await listApplications(core, actor.tenantId)).find(({ key }) => key === entry.key),
    () => createApplication(core, actor, { ...application, clientSecret: entry.clientSecret ?? null }),
    ({ _id }, options) => updateApplication(core, actor, _id, application, options),
  );
  await each(roles, `${path}.roles`, (role) => applyRole(run, role, entry.key));
}

async function applyDirectory(run: Run, entry: BootstrapDirectory, path: string): Promise<void> {
  const { core, actor } = run;
  const { tokens, roleRules, ...rest } = entry;
  const input = { ...rest, roleRules };
  const find = (): ReturnType<typeof findDirectoryByName> =>
    findDirectoryByName(core, actor.tenantId, entry.name);
  await at(path, () =>
    withRulesPath(() =>
      upsert(
        run,
        find,
        () => createDirectory(core, actor, input),
        ({ _id }, options) => updateDirectory(core, actor, _id, input, options),
      ),
    ),
  );
  const directory = await find();
  if (!directory) return;
  await each(tokens, `${path}.tokens`, ({ name, token }) =>
    upsert(
      run,
      async () =>
        (await listTokens(core, actor.tenantId, directory._id)).find((stored) => stored.name === name),
      () => createToken(core, actor, directory._id, { name, token }),
      ({ _id }, options) => replaceToken(core, actor, directory._id, _id, token, options),
    ),
  );
}

/** Rules are checked as a list of their own: their pointers get the list's name in front. */
async function withRulesPath(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError) || !error.errors.some(({ pointer }) => /^\/\d/.test(pointer)))
      throw error;
    const errors = error.errors.map(({ pointer, detail }) => ({ pointer: `/roleRules${pointer}`, detail }));
    throw new AppError(error.code, error.message, { errors, cause: error });
  }
}

/** A directory's data is the directory's: of a provisioned user only what is decided here is applied. */
function changeOf(entry: BootstrapUser, user: UserDocument): Parameters<typeof createUser>[2] {
  const { email, givenName, familyName, displayName, phone, userName, password, roles, enabled } = entry;
  const isOurs = user.directoryId === null;
  const attributes = withProfile(user.attributes, { email, givenName, familyName, displayName, phone });
  return {
    ...inputOf(user),
    ...(isOurs && { userName: userName ?? user.userName }),
    attributes: withAccess(isOurs ? attributes : user.attributes, entry),
    active: enabled ?? user.enabled,
    password,
    roles,
  };
}

function applyUser(run: Run, entry: BootstrapUser): Promise<void> {
  const { core, actor } = run;
  const { email, givenName, familyName, displayName, phone, password, roles } = entry;
  const input = {
    userName: entry.userName ?? email,
    externalId: null,
    attributes: withAccess(withProfile({}, { email, givenName, familyName, displayName, phone }), entry),
    active: entry.enabled ?? true,
    approved: true,
    password,
    roles,
  };
  return upsert(
    run,
    () => findUserByLogin(core, actor.tenantId, email),
    () => createUser(core, actor, input, { activated: true }),
    ({ _id }, options) => updateUser(core, actor, _id, (user) => changeOf(entry, user), options),
  );
}

function applyConnection(run: Run, entry: BootstrapConnection): Promise<void> {
  const { core, actor } = run;
  return upsert(
    run,
    async () => (await listConnections(core, actor.tenantId)).find(({ name }) => name === entry.name),
    () => createConnection(core, actor, entry),
    ({ _id }, options) => updateConnection(core, actor, _id, entry, options),
  );
}

function applyApiKey(run: Run, { key, name, role }: BootstrapApiKey): Promise<void> {
  const { core, actor } = run;
  return upsert(
    run,
    async () => (await listApiKeys(core, actor.tenantId)).find((stored) => stored.name === name),
    () => createApiKey(core, actor, { key, name, role }),
    ({ _id }, options) => updateApiKey(core, actor, _id, { role, key }, options),
  );
}

async function applyTenant(
  core: Core,
  entry: BootstrapTenant,
  path: string,
  outcome: BootstrapOutcome,
): Promise<void> {
  const settings = (entry.settings ?? {}) as SettingsPatch;
  const { slug, name, preset } = entry;
  const run: Run = { core, actor: systemActor('server', 'bootstrap file'), outcome };
  await upsert(
    run,
    () => findTenantBySlug(core, slug),
    () => createTenant(core, { slug, name, preset: preset ?? 'default', settings }),
    (tenant, options) =>
      updateTenant(core, systemActor(tenant._id, 'bootstrap file'), { name, preset, settings }, options),
  );
  const tenant = await findTenantBySlug(core, slug);
  if (!tenant) return;
  const inside: Run = { ...run, actor: systemActor(tenant._id, 'bootstrap file') };
  await all([
    () => each(entry.roles, `${path}.roles`, (role) => applyRole(inside, role, null)),
    () =>
      each(entry.applications, `${path}.applications`, (application, where) =>
        applyApplication(inside, application, where),
      ),
    () =>
      each(entry.ssoConnections, `${path}.ssoConnections`, (connection) =>
        applyConnection(inside, connection),
      ),
  ]);
  // These name the roles above: without them every one would be unknown.
  await all([
    () =>
      each(entry.directories, `${path}.directories`, (directory, where) =>
        applyDirectory(inside, directory, where),
      ),
    () => each(entry.users, `${path}.users`, (user) => applyUser(inside, user)),
    () => each(entry.apiKeys, `${path}.apiKeys`, (apiKey) => applyApiKey(inside, apiKey)),
  ]);
}

/**
 * Makes the store hold what the file declares. Entries are found by their key (`slug`, `key`, `email`, `name`) and updated where they
 * differ; what is not in the file is left alone. Applying the same file again changes nothing.
 *
 * Look before with `rehearseBootstrap`: what is refused here leaves the rest applied.
 *
 * @throws BootstrapError naming the JSON path of every entry that was refused.
 */
export async function applyBootstrap(core: Core, file: BootstrapFile): Promise<BootstrapOutcome> {
  const outcome: BootstrapOutcome = { created: 0, updated: 0, unchanged: 0 };
  await each(file.tenants, 'tenants', (tenant, path) => applyTenant(core, tenant, path, outcome));
  return outcome;
}
