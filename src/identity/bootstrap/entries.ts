import { AppError } from '../../shared/errors.js';
import { createApiKey, listApiKeys, updateApiKey } from '../applications/api-keys.js';
import { createApplication, updateApplication } from '../applications/applications.js';
import { listApplications } from '../applications/find.js';
import { applyDirectory } from './directory-entries.js';
import { idIn, pick, placeIn } from './entry-places.js';
import { applyAccess } from './access.js';
import { all, applyEntry, each, type Run } from './run.js';
import type {
  BootstrapApiKey,
  BootstrapApplication,
  BootstrapAttribute,
  BootstrapConnection,
  BootstrapGroup,
  BootstrapRole,
  BootstrapTenant,
  BootstrapUser,
} from './schema.js';
import { createAttribute, listAttributes, updateAttribute } from '../attributes/attributes.js';
import { tenantConfig, type TenantConfig } from '../tenants/config.js';
import { withOwnValues } from '../users/own-attributes.js';
import type { GroupDocument } from '../../persistence/collections/groups.js';
import { changeMembers, createGroupWithMembers } from '../groups/members.js';
import { updateGroup } from '../groups/groups.js';
import { createRole, fullKeyOf, roleCatalogue, updateRole } from '../roles/roles.js';
import { createConnection, listConnections, updateConnection } from '../sso/connections.js';
import { withAccess } from '../grants/services.js';
import { inputOf, withProfile } from '../users/input.js';
import { createUser, findUserByLogin, updateUser, type UserDocument } from '../users/users.js';
import { loginKey } from '../email.js';

async function applyRole(
  run: Run,
  entry: BootstrapRole,
  applicationKey: string | null,
  path: string,
): Promise<void> {
  const { core, actor } = run;
  const input = { ...entry, description: entry.description ?? '', applicationKey };
  const own = async () =>
    [...(await roleCatalogue(core, actor.tenantId)).values()].filter((role) => !role.builtIn);
  await applyEntry(run, {
    place: placeIn(run, 'role', fullKeyOf(input)),
    path,
    fields: entry,
    idOf: ({ id }) => id,
    find: async () => (await own()).find(({ fullKey }) => fullKey === fullKeyOf(input)),
    get: async (id) => (await own()).find((role) => role.id === id),
    create: async () => (await createRole(core, actor, input)).id,
    update: ({ id }, names, options) => updateRole(core, actor, id, pick(entry, names), options),
  });
}

async function applyAttribute(run: Run, entry: BootstrapAttribute, path: string): Promise<void> {
  const { core, actor } = run;
  const find = async () => {
    const all = await listAttributes(core, actor.tenantId);
    return all.find(({ nameKey }) => nameKey === entry.name.toLowerCase());
  };
  await applyEntry(run, {
    place: placeIn(run, 'attribute', entry.name.toLowerCase()),
    path,
    fields: entry,
    idOf: ({ _id }) => _id,
    find,
    get: async (id) => (await listAttributes(core, actor.tenantId)).find(({ _id }) => _id === id),
    create: async () => (await createAttribute(core, actor, entry))._id,
    update: ({ _id }, names, options) => updateAttribute(core, actor, _id, pick(entry, names), options),
  });
}

/**
 * Applies an application and its roles.
 *
 * @param applyOwnRole - how one of its roles is applied.
 * @returns the application's id; undefined when it is gone.
 */
export async function applyApplication(
  run: Run,
  entry: BootstrapApplication,
  path: string,
  applyOwnRole: (run: Run, entry: BootstrapRole, applicationKey: string, path: string) => Promise<void>,
): Promise<string | undefined> {
  const { core, actor } = run;
  const { roles, isPublic, ...application } = entry;
  const id = await applyEntry(run, {
    place: placeIn(run, 'application', entry.key),
    path,
    fields: { ...application, isPublic },
    idOf: ({ _id }) => _id,
    find: async () => (await listApplications(core, actor.tenantId)).find(({ key }) => key === entry.key),
    get: (id) => idIn(run, 'applications').get(id),
    create: async () => {
      // A confidential one without its secret gets one that nobody knows, and not none at all: a new one has to be made.
      const absent = isPublic === false ? undefined : null;
      const input = { ...application, clientSecret: entry.clientSecret ?? absent };
      return (await createApplication(core, actor, input)).application._id;
    },
    update: ({ _id }, names, options) =>
      updateApplication(core, actor, _id, pick(application, names), options),
  });
  if (id !== undefined)
    await each(roles, `${path}.roles`, (role, where) => applyOwnRole(run, role, entry.key, where));
  return id;
}

/** What is decided here of a user. Roles that came with an invitation elsewhere are given by the file. */
function standingOf({ roles, invitedRoles, approved, accessExpiresAt, loginType }: Partial<BootstrapUser>) {
  const given = roles || invitedRoles ? [...new Set([...(roles ?? []), ...(invitedRoles ?? [])])] : undefined;
  const end = typeof accessExpiresAt === 'string' ? new Date(accessExpiresAt) : accessExpiresAt;
  return { roles: given, approved, accessExpiresAt: end, loginType };
}

/** A directory's data is the directory's: of a provisioned user only what is decided here is applied. */
function changeOf(
  { core }: Run,
  config: TenantConfig,
  entry: Partial<BootstrapUser>,
  user: UserDocument,
): Parameters<typeof createUser>[2] {
  const { email, givenName, familyName, displayName, phone, userName, password, enabled } = entry;
  const isOurs = user.directoryId === null;
  const profile = withProfile(user.attributes, { email, givenName, familyName, displayName, phone });
  const attributes = withOwnValues(core, config, profile, entry.attributes);
  return {
    ...inputOf(user),
    ...(isOurs && { userName: userName ?? user.userName }),
    attributes: withAccess(isOurs ? attributes : user.attributes, entry),
    active: enabled ?? user.enabled,
    password,
    ...standingOf(entry),
  };
}

async function applyUser(run: Run, entry: BootstrapUser, path: string): Promise<void> {
  const { core, actor } = run;
  const { email, givenName, familyName, displayName, phone, password } = entry;
  const config = await tenantConfig(core, actor.tenantId);
  const profile = withProfile({}, { email, givenName, familyName, displayName, phone });
  const input = {
    userName: entry.userName ?? email,
    externalId: null,
    attributes: withAccess(withOwnValues(core, config, profile, entry.attributes), entry),
    active: entry.enabled ?? true,
    password,
    ...standingOf(entry),
    approved: entry.approved ?? true,
  };
  await applyEntry(run, {
    place: placeIn(run, 'user', loginKey(email)),
    path,
    fields: entry,
    idOf: ({ _id }) => _id,
    find: () => findUserByLogin(core, actor.tenantId, email),
    get: (id) => idIn(run, 'users').get(id),
    create: async () => (await createUser(core, actor, input, { activated: entry.activated ?? true }))._id,
    update: async ({ _id }, names, options) =>
      (await updateUser(core, actor, _id, (user) => changeOf(run, config, pick(entry, names), user), options))
        .after,
    passwordSetAt: async (id) => {
      const credentials = core.store.tenant(actor.tenantId).collection('credentials');
      return (await credentials.get(id))?.passwordChangedAt ?? null;
    },
  });
}

const providerFields = ['issuer', 'clientId', 'tenantClaim'];

/** Another provider needs its secret, which the file may have left as it was. */
function withSecret(names: ReadonlySet<string>): ReadonlySet<string> {
  if (names.has('idpEntityId')) return new Set([...names, 'idpCertificates']);
  return providerFields.some((name) => names.has(name)) ? new Set([...names, 'clientSecret']) : names;
}

/** The ids of the users with these addresses. @throws AppError `input.invalid` naming each that is nobody's. */
async function idsOf({ core, actor }: Run, emails: readonly string[], field: string): Promise<string[]> {
  const found = await Promise.all(emails.map((email) => findUserByLogin(core, actor.tenantId, email)));
  const errors = emails.flatMap((email, index) =>
    found[index] ? [] : [{ pointer: `/${field}/${index}`, detail: `there is no user ${email}` }],
  );
  if (errors.length > 0) throw new AppError('input.invalid', 'some people are not there', { errors });
  return found.flatMap((user) => user?._id ?? []);
}

async function applyGroup(run: Run, entry: BootstrapGroup, path: string): Promise<void> {
  const { core, actor } = run;
  const { displayName, roles = [], members = [], administrators = [] } = entry;
  const access = async () => ({
    roleIds: roles,
    administratorIds: await idsOf(run, administrators, 'administrators'),
  });
  await applyEntry<GroupDocument>(run, {
    place: placeIn(run, 'group', displayName),
    path,
    fields: entry,
    idOf: ({ _id }) => _id,
    find: () => idIn(run, 'groups').findOne({ displayName, directoryId: null }),
    get: (id) => idIn(run, 'groups').get(id),
    create: async () => {
      const input = { displayName, externalId: null, attributes: {}, ...(await access()) };
      const memberIds = await idsOf(run, members, 'members');
      return (await createGroupWithMembers(core, actor, input, memberIds)).after._id;
    },
    update: async (found, names, options) => {
      const { roleIds, administratorIds } = await access();
      const given = {
        ...(names.has('roles') && { roleIds }),
        ...(names.has('administrators') && { administratorIds }),
      };
      const edit = ({ externalId, attributes, displayName: name }: GroupDocument) => ({
        displayName: name,
        externalId,
        attributes,
        ...given,
      });
      const { after: edited } = await updateGroup(core, actor, found._id, edit, options);
      if (!names.has('members')) return edited;
      const change = { replaceWith: await idsOf(run, members, 'members') };
      return (await changeMembers(core, actor, found._id, change)).after;
    },
  });
}

async function applyConnection(run: Run, entry: BootstrapConnection, path: string): Promise<void> {
  const { core, actor } = run;
  await applyEntry(run, {
    place: placeIn(run, 'connection', entry.name),
    path,
    fields: entry,
    idOf: ({ _id }) => _id,
    find: async () => (await listConnections(core, actor.tenantId)).find(({ name }) => name === entry.name),
    get: (id) => idIn(run, 'sso_connections').get(id),
    create: async () => (await createConnection(core, actor, entry))._id,
    update: ({ _id }, names, options) =>
      updateConnection(core, actor, _id, pick(entry, withSecret(names)), options),
  });
}

async function applyApiKey(run: Run, entry: BootstrapApiKey, path: string): Promise<void> {
  const { core, actor } = run;
  await applyEntry(run, {
    place: placeIn(run, 'apiKey', entry.name),
    path,
    fields: entry,
    idOf: ({ _id }) => _id,
    find: async () => (await listApiKeys(core, actor.tenantId)).find(({ name }) => name === entry.name),
    get: (id) => idIn(run, 'api_keys').get(id),
    create: async () => (await createApiKey(core, actor, entry)).document._id,
    update: ({ _id }, names, options) => updateApiKey(core, actor, _id, pick(entry, names), options),
  });
}

/** Applies a tenant's entry. */
export function applyInside(run: Run, entry: BootstrapTenant, path: string): Promise<void> {
  // What comes later names what comes before. All of it is tried, so that all faults are found at once.
  return all([
    () => each(entry.roles, `${path}.roles`, (role, where) => applyRole(run, role, null, where)),
    () => each(entry.attributes, `${path}.attributes`, (item, where) => applyAttribute(run, item, where)),
    () =>
      each(entry.applications, `${path}.applications`, async (item, where) => {
        await applyApplication(run, item, where, applyRole);
      }),
    () =>
      each(entry.ssoConnections, `${path}.ssoConnections`, (item, where) =>
        applyConnection(run, item, where),
      ),
    () => each(entry.directories, `${path}.directories`, (item, where) => applyDirectory(run, item, where)),
    () => each(entry.users, `${path}.users`, (user, where) => applyUser(run, user, where)),
    () => each(entry.groups, `${path}.groups`, (group, where) => applyGroup(run, group, where)),
    () =>
      each(entry.applicationAccess, `${path}.applicationAccess`, (item, where) =>
        applyAccess(run, item, where),
      ),
    () => each(entry.apiKeys, `${path}.apiKeys`, (apiKey, where) => applyApiKey(run, apiKey, where)),
  ]);
}
