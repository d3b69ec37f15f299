import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { parseEmail, loginKey } from '../email.js';
import { fold } from '../../shared/fold.js';
import { requireNoneLeft } from '../groups/batches.js';
import { requireGroup } from '../groups/groups.js';
import { changeMembersStep } from '../groups/member-steps.js';
import { readPasswordHash, type PasswordHashInput } from '../imports/hashes.js';
import { readPeople, type PeopleFormat } from '../imports/people.js';
import { namesFault, type ImportedPerson } from '../imports/person.js';
import type { TableOptions } from '../imports/table.js';
import { requirePermission } from '../permissions.js';
import { prepareEntry } from '../invitations/mail.js';
import { sendAgain } from '../invitations/invitations.js';
import { tenantConfig, type TenantConfig } from '../tenants/config.js';
import { accessPeriodFault } from '../users/access-period.js';
import { withProfile, type UserInput } from '../users/input.js';
import { withOwnValues } from '../users/own-attributes.js';
import type { WriteContext } from '../users/save.js';
import { createUser, type CreateOptions, type UserDocument } from '../users/users.js';
import type { BulkRow } from './jobs.js';
import type { RowContext, RowHandler } from './run.js';

export const peopleImport = 'users.import';
export { peopleFormats as importedFormats } from '../imports/people.js';

/** How a file of people is read and taken. */
export interface PeopleImport extends TableOptions {
  format: PeopleFormat;
  content: string;
  /** What a hash does not say of itself: the algorithm and its parameters. */
  passwords?: Omit<PasswordHashInput, 'hash' | 'salt'> | undefined;
  /** Names of roles in the file to full keys of ours; absent: as they are in CSV and JSON, left out of other systems' exports. */
  roleNames?: Readonly<Record<string, string>> | undefined;
}

/** What everybody of the file gets. */
export interface PeopleOptions {
  /** Full keys, beside those of the row. */
  roles: readonly string[];
  approved?: boolean | undefined;
  /** Mails the way in to who has to activate the account. */
  sendActivation: boolean;
}

/** A row as it waits: what there is to say of a person, the password's hash in the form it is stored in. */
interface PersonRow extends Omit<ImportedPerson, 'password' | 'roles'> {
  roles: readonly string[];
  passwordHash?: string;
}

/** Formats whose roles are ours and not another system's. */
const ownRoles: readonly PeopleFormat[] = ['csv', 'json'];

function rolesOf({ roles = [] }: ImportedPerson, { format, roleNames }: PeopleImport): string[] {
  if (!roleNames) return ownRoles.includes(format) ? [...roles] : [];
  const others = (name: string) => (ownRoles.includes(format) ? name : []);
  return roles.flatMap((name) => (Object.hasOwn(roleNames, name) ? (roleNames[name] ?? []) : others(name)));
}

const refused = (line: number, label: string, code: string, reason: string): BulkRow => ({
  ...{ line, label, code, reason },
  outcome: 'refused',
});

/** What is wrong with a person before anything is asked of the database. */
function faultOf({ accessExpiresAt, email, userName }: ImportedPerson): string | undefined {
  if (email === undefined && userName === undefined) return 'neither an address nor a userName';
  if (email !== undefined && !parseEmail(email)) return 'Enter a valid email';
  if (accessExpiresAt !== undefined && Number.isNaN(Date.parse(accessExpiresAt)))
    return 'accessExpiresAt must be an instant (ISO 8601)';
  return undefined;
}

function rowOf(
  line: number,
  { password, ...person }: ImportedPerson,
  file: PeopleImport,
  seen: Map<string, number>,
): BulkRow {
  const label = person.email ?? person.userName ?? '';
  const roles = rolesOf(person, file);
  const fault = faultOf(person) ?? namesFault(roles, person.groups);
  if (fault !== undefined) return refused(line, label, 'input.invalid', fault);
  const key = loginKey(label);
  const earlier = seen.get(key);
  if (earlier !== undefined)
    return refused(line, label, 'input.repeated', `line ${earlier} has this already`);
  seen.set(key, line);
  const read = password && readPasswordHash({ ...file.passwords, ...password });
  if (read && 'fault' in read) return refused(line, label, 'password.not_taken', read.fault);
  const input: PersonRow = {
    ...person,
    roles,
    ...(read && { passwordHash: read.stored }),
  };
  return { line, label, input: { ...input } };
}

/**
 * The rows of a file of people; a row that has a fault by itself comes with the reason.
 *
 * @throws AppError `input.invalid` where the file as a whole cannot be read.
 */
export async function* rowsOfPeople(file: PeopleImport): AsyncGenerator<BulkRow> {
  const seen = new Map<string, number>();
  for await (const { fault, line, person } of readPeople(file.format, file.content, file)) {
    if (person) yield rowOf(line, person, file, seen);
    else yield refused(line, '', 'input.invalid', fault ?? 'cannot be read');
  }
}

/** Texts of a CSV file as values of the types the tenant's own attributes have. */
function typedValues(
  config: TenantConfig,
  values: Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> | undefined {
  if (!values || Object.keys(values).length === 0) return undefined;
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const attribute = config.attributes.find((one) => one.name.toLowerCase() === name.toLowerCase());
      if (typeof value !== 'string' || !attribute) return [name, value];
      const one = (text: string): unknown => {
        if (attribute.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
        const isNumber = attribute.type === 'integer' || attribute.type === 'decimal';
        return isNumber && text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
      };
      return [name, attribute.multiValued ? value.split(/[|;]/).map((part) => one(part.trim())) : one(value)];
    }),
  );
}

/** The ids of groups by their names. */
async function groupIdsOf(core: Core, tenantId: string, names: readonly string[]): Promise<string[]> {
  const groups = core.store.tenant(tenantId).collection('groups');
  const ids: string[] = [];
  for (const name of names) {
    const group = await groups.findOne({ owner: 'local', displayNameKey: fold(name) }, { fields: [] });
    if (!group) throw new AppError('group.not_found', `there is no group ${name} made here`);
    ids.push(group._id);
  }
  return ids;
}

function* joinGroups(context: WriteContext, user: UserDocument, groupIds: readonly string[]): Step<void> {
  for (const id of groupIds) {
    const group = requireGroup(
      yield* context.tx.tenant(context.tenantId).collection('groups').get(id),
      context.actor.directoryId,
    );
    requireNoneLeft(group);
    yield* changeMembersStep(context, group, { add: [user._id], remove: [] });
  }
}

/** The end of access in a row. @throws AppError `input.invalid`. */
function endOf(config: TenantConfig, text: string | undefined, now: Date): { accessExpiresAt?: Date } {
  if (text === undefined) return {};
  const accessExpiresAt = new Date(text);
  const detail = accessPeriodFault(accessExpiresAt, now, config.settings['access.temporaryMaxSeconds']);
  if (detail !== undefined) throw new AppError('input.invalid', detail);
  return { accessExpiresAt };
}

function inputOf({ core, job }: RowContext, config: TenantConfig, row: PersonRow): UserInput {
  const options = job.options as typeof job.options & PeopleOptions;
  const { displayName, email, familyName, givenName, phone } = row;
  const profile = withProfile({}, { email, givenName, familyName, displayName, phone });
  const roles = [...new Set([...options.roles, ...row.roles])];
  return {
    userName: row.userName ?? email ?? '',
    externalId: row.externalId ?? null,
    attributes: withOwnValues(core, config, profile, typedValues(config, row.attributes)),
    active: row.enabled ?? true,
    ...(options.approved !== undefined && { approved: options.approved }),
    ...(roles.length > 0 && { roles }),
    ...endOf(config, row.accessExpiresAt, core.clock.now()),
  };
}

/** @throws AppError `auth.forbidden` for what a row asks beside the making of a user. */
function requireRowPermissions({ actor, job }: RowContext, row: PersonRow): void {
  const { roles } = job.options as typeof job.options & PeopleOptions;
  if (roles.length + row.roles.length > 0) requirePermission(actor, 'roles.assign');
  if ((row.groups ?? []).length > 0) requirePermission(actor, 'groups.manage');
  if (row.passwordHash !== undefined) requirePermission(actor, 'users.reset_password');
  if (row.enabled === false) requirePermission(actor, 'users.enable');
}

/** Only the operator's word counts for whose an address is: a tenant could say it of anybody's. */
const mayVouch = ({ actor }: RowContext): boolean =>
  actor.party.type === 'operator' || actor.party.type === 'system';

/** One person of a file: the user, the password's hash, groups and mail in one transaction. */
export const importPerson: RowHandler = async (context, { input }) => {
  const { actor, core, job, note } = context;
  const row = input as typeof input & PersonRow;
  requireRowPermissions(context, row);
  const { sendActivation } = job.options as typeof job.options & PeopleOptions;
  const config = await tenantConfig(core, actor.tenantId);
  const groupIds = await groupIdsOf(core, actor.tenantId, row.groups ?? []);
  const local = sendActivation ? await prepareEntry(core, config.settings, 'local') : undefined;
  const { passwordHash } = row;
  const create: CreateOptions = {
    source: 'created',
    ...(passwordHash !== undefined && {
      passwordHash,
      activated: row.emailVerified === true && mayVouch(context),
    }),
    *also(write, stored) {
      note.userId = stored._id;
      yield* joinGroups(write, stored, groupIds);
      if (!local || stored.activatedAt !== null || !stored.enabled) return;
      yield* sendAgain(write, stored, stored.loginType === 'sso' ? { kind: 'company' } : local);
    },
  };
  await createUser(core, actor, inputOf(context, config, row), create);
  return 'done';
};
