import { activeFor } from '../../identity/users/hold.js';
import { loginKey } from '../../identity/email.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { commonSchemas, tenantSchemas } from '../../identity/tenants/schemas.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { isJsonObject, jsonEqual, type JsonObject } from '../protocol/json-value.js';
import { applyColumns, compileColumns, type ColumnMapping } from '../protocol/column-mapping.js';
import { applyPatch } from '../protocol/patch/apply.js';
import type { PatchOperation } from '../protocol/patch/request.js';
import { parseResource } from '../protocol/resource-parse.js';
import { enterpriseUserUrn } from '../protocol/urns.js';
import { toScimUser } from '../users/resource.js';
import type { GoogleApi } from './google-api.js';
import { googleUserFields, scimUserOf } from './google-user.js';
import { count, type Counts, type ScimWriter } from './scim-writes.js';
import { userQueries, type Snapshot } from './snapshot.js';

/** What a pull decides of a user: a PATCH sends those of them that differ. */
const ownPaths: readonly (readonly [path: string, steps: readonly string[]])[] = [
  ...[
    'externalId',
    'userName',
    'displayName',
    'title',
    'preferredLanguage',
    'emails',
    'phoneNumbers',
    'active',
  ].map((name) => [name, [name]] as const),
  ...['givenName', 'familyName'].map((name) => [`name.${name}`, ['name', name]] as const),
  ...['employeeNumber', 'costCenter', 'organization', 'division', 'department'].map(
    (name) => [`${enterpriseUserUrn}:${name}`, [enterpriseUserUrn, name]] as const,
  ),
];

const valueAt = (resource: JsonObject, steps: readonly string[]): unknown =>
  steps.reduce<unknown>((at, step) => (isJsonObject(at) ? at[step] : undefined), resource);

/**
 * The operations that make one resource what the other says, as far as a pull decides it.
 *
 * @param stored - as it is now; @param wanted - both in canonical form.
 */
function differingOperations(stored: JsonObject, wanted: JsonObject): object[] {
  return ownPaths.flatMap(([path, steps]) => {
    const [before, after] = [valueAt(stored, steps), valueAt(wanted, steps)];
    if (before === after || jsonEqual(before, after)) return [];
    return [after === undefined ? { op: 'remove', path } : { op: 'replace', path, value: after }];
  });
}

/** People whom the directory has here, and who are to go. */
export interface Leavers {
  /** Ours to delete: Google has them no more, or they are not chosen any more. */
  readonly removed: readonly string[];
  /** Ours to disable: Google suspends or archives them. */
  readonly suspended: readonly string[];
  /** How many people the directory has here. */
  readonly of: number;
}

const ownUsers = ({ core, directory }: ScimWriter) =>
  core.store.tenant(directory.tenantId).collection('users');

/** Looks for the people who are to go. */
export async function findLeavers(writer: ScimWriter, { people }: Snapshot): Promise<Leavers> {
  const removed: string[] = [];
  const suspended: string[] = [];
  let of = 0;
  const fields = ['externalId', 'enabled', 'hold', 'heldChange'];
  const query = { directoryId: writer.directory._id };
  for await (const user of ownUsers(writer).iterate(query, { fields })) {
    if (user.externalId === null) continue;
    of += 1;
    const isActive = people.get(user.externalId);
    if (isActive === undefined) removed.push(user._id);
    else if (!isActive && activeFor(user)) suspended.push(user._id);
  }
  return { removed, suspended, of };
}

/** Takes people out: before anything else, so that nobody waits for it, and their names are free. */
export async function writeLeavers(writer: ScimWriter, leavers: Leavers, counts: Counts): Promise<void> {
  for (const id of leavers.suspended) {
    const answer = await writer.patch(`/Users/${id}`, [{ op: 'replace', path: 'active', value: false }]);
    count(counts.users, 'deactivated', answer);
  }
  for (const id of leavers.removed)
    count(counts.users, 'removed', await writer.send('DELETE', `/Users/${id}`));
}

/** The users here that a page of Google's stands for: by Google's id, else by a name that no directory manages. */
async function findStored(
  writer: ScimWriter,
  resources: readonly JsonObject[],
): Promise<Map<string, UserDocument>> {
  const directoryId = writer.directory._id;
  const users = ownUsers(writer);
  const ids = resources.map(({ externalId }) => String(externalId));
  const own = await users.find({ directoryId, externalId: { $in: ids } });
  const found = new Map(own.map((user) => [user.externalId ?? '', user]));
  const fresh = resources.filter(({ externalId }) => !found.has(String(externalId)));
  if (fresh.length === 0) return found;
  const keys = fresh.map(({ userName }) => loginKey(String(userName)));
  const free = await users.find({ loginKeys: { $in: keys }, directoryId: null });
  const byKey = new Map(free.flatMap((user) => user.loginKeys.map((key) => [key, user] as const)));
  for (const { externalId, userName } of fresh) {
    const user = byKey.get(loginKey(String(userName)));
    if (user) found.set(String(externalId), user);
  }
  return found;
}

/** The same where a mapping fills attributes: what it makes of the pull is what may differ. */
async function mappedOperations(
  { core, directory }: ScimWriter,
  stored: UserDocument,
  wanted: JsonObject,
  mapping: readonly ColumnMapping[],
): Promise<object[]> {
  const { user: schema } = tenantSchemas(core, await tenantConfig(core, directory.tenantId));
  const existing = toScimUser(stored, schema, core.config.baseUrl);
  const operations = differingOperations(existing, wanted);
  const changed = applyPatch(existing, operations as PatchOperation[], schema);
  const told = { foreign: new Map<string, unknown>(), isWhole: false };
  if (applyColumns(changed, existing, compileColumns(mapping, schema), told, schema) === existing) return [];
  // What differs may be of the mapping alone: any operation has it worked out.
  return operations.length > 0
    ? operations
    : [{ op: 'replace', path: 'externalId', value: wanted['externalId'] }];
}

/** Creates or changes one user; nothing is sent where nothing differs. */
async function writeUser(
  writer: ScimWriter,
  sent: JsonObject,
  stored: UserDocument | undefined,
  counts: Counts,
): Promise<void> {
  const { core, directory } = writer;
  if (!stored) {
    count(counts.users, 'created', await writer.send('POST', '/Users', sent));
    return;
  }
  const { user: schema } = commonSchemas(core);
  const wanted = parseResource(sent, schema, { mode: 'create' });
  const operations = directory.attributeMapping
    ? await mappedOperations(writer, stored, wanted, directory.attributeMapping)
    : differingOperations(toScimUser(stored, schema, core.config.baseUrl), wanted);
  if (operations.length === 0 && stored.directoryId !== directory._id)
    operations.push({ op: 'replace', path: 'externalId', value: sent['externalId'] });
  if (operations.length === 0) return;
  count(counts.users, 'changed', await writer.patch(`/Users/${stored._id}`, operations));
}

const isNamed = (user: JsonObject): boolean =>
  typeof user['id'] === 'string' && typeof user['primaryEmail'] === 'string';

/** Creates and changes the chosen people, a page of Google's documents at a time. */
export async function writePeople(
  writer: ScimWriter,
  api: GoogleApi,
  { people }: Snapshot,
  counts: Counts,
): Promise<void> {
  const { google } = writer.directory;
  if (!google) return;
  const written = new Set<string>();
  const fields = `nextPageToken,users(${googleUserFields})`;
  for (const query of userQueries(google)) {
    for await (const page of api.pages('/users', { ...query, fields }, 'users')) {
      const chosen = page.filter((user) => isNamed(user) && people.has(String(user['id'])));
      const fresh = chosen.filter((user) => !written.has(String(user['id'])));
      const resources = fresh.map((user) => scimUserOf(user, people.get(String(user['id'])) === true));
      const stored = await findStored(writer, resources);
      for (const resource of resources) {
        const id = String(resource['externalId']);
        if (written.has(id)) continue;
        written.add(id);
        await writeUser(writer, resource, stored.get(id), counts);
      }
    }
  }
}
