import type {
  ChangeGuard,
  Dialect,
  DirectoryDocument,
  DirectoryKind,
} from '../../persistence/collections/directories.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import { changeEntity, requireEntity } from '../audit/entity.js';
import type { FieldChange } from '../changes.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { wakeJobs } from '../jobs/queue.js';
import { changedGoogle, newGoogle, type GoogleSourceInput } from './google-source.js';
import { pullAtOnceStep } from './pulls.js';
import { checkMapping, type AttributeMapping, type AttributeMappingInput } from './attribute-mapping.js';
import { checkRules, type RoleRule, type RoleRuleInput } from '../grants/rules.js';
import {
  changedFederation,
  requireFreeFederation,
  requireTokenRules,
  tokenSecondsOf,
  type TokenRules,
} from './federation.js';
import { guardOf } from './change-guard.js';
import { directoryDuplicates, directoryEntity, directoryParty } from './directory-entity.js';
import { enqueueRelease } from '../users/change-guard.js';
import { enqueueRecompute } from '../users/recompute.js';
import { requireDirectoryAuthority } from '../groups/authority.js';
import { tenantConfigStep, touchTenant } from '../tenants/config.js';
import type { WriteOptions } from '../versions.js';

export type { Dialect, DirectoryDocument, DirectoryKind } from '../../persistence/collections/directories.js';
export { dialects } from '../../persistence/collections/directories.js';

export interface DirectoryInput extends TokenRules {
  name: string;
  /** Absent: `scim`. It never changes. */
  kind?: DirectoryKind | undefined;
  /** Of the kind `google` alone. */
  google?: GoogleSourceInput | undefined;
  dialect?: Dialect | undefined;
  enabled?: boolean | undefined;
  roleRules?: readonly RoleRuleInput[] | undefined;
  /** How users' attributes are filled; an empty list: as they are sent. */
  attributeMapping?: readonly AttributeMappingInput[] | undefined;
  /** null: off. */
  changeGuard?: ChangeGuard | null | undefined;
}

/** What is absent or undefined stays. */
export type DirectoryChange = {
  [K in Exclude<keyof DirectoryInput, 'kind'>]?: DirectoryInput[K] | undefined;
};

/** @throws AppError `directory.name_taken`, `directory.federation_taken`, `input.invalid`, `role.not_grantable`. */
export async function createDirectory(
  core: Core,
  actor: Actor,
  input: DirectoryInput,
): Promise<DirectoryDocument> {
  requireTokenRules(core, input);
  const now = core.clock.now();
  const source = newGoogle(core, input);
  const created = await refuseDuplicates(directoryDuplicates, () =>
    core.store.transaction(function* (tx) {
      const scope = tx.tenant(actor.tenantId);
      const config = yield* tenantConfigStep(core, tx, actor.tenantId);
      if (input.federation) yield* requireFreeFederation(tx, actor.tenantId, input.federation);
      const directory = yield* scope.collection('directories').insert({
        _id: newId(),
        tenantId: actor.tenantId,
        name: input.name,
        ...source,
        dialect: input.dialect ?? (source.google ? 'google' : 'auto'),
        learnedDialect: null,
        enabled: input.enabled ?? true,
        roleRules: checkRules(core, actor, config, [], input.roleRules ?? []),
        ...mappingOf(checkMapping(core, config, input.attributeMapping ?? [])),
        ...guardOf(input),
        tokenSeconds: tokenSecondsOf(input),
        ...changedFederation({}, input.federation),
      });
      yield* touchTenant(tx, actor.tenantId);
      yield* recordEvent(tx, actor, { action: 'directory.created', target: directoryParty(directory) }, now);
      yield* pullAtOnceStep(tx, directory, now);
      return directory;
    }),
  );
  wakeJobs(core);
  return created;
}

/** @throws AppError `directory.not_found`. */
export async function getDirectory(core: Core, tenantId: string, id: string): Promise<DirectoryDocument> {
  const directory = await core.store.tenant(tenantId).collection('directories').get(id);
  if (!directory) throw new AppError('directory.not_found', 'there is no such directory');
  return directory;
}

/** Names are unique in a tenant, and compared as they are written. */
export function findDirectoryByName(
  core: Core,
  tenantId: string,
  name: string,
): Promise<DirectoryDocument | undefined> {
  return core.store.tenant(tenantId).collection('directories').findOne({ name });
}

/** All directories of a tenant by name. */
export function listDirectories(core: Core, tenantId: string): Promise<DirectoryDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('directories')
    .find({}, { sort: { name: 1 } });
}

const mappingOf = (attributeMapping: AttributeMapping[]): Pick<DirectoryDocument, 'attributeMapping'> =>
  attributeMapping.length > 0 ? { attributeMapping } : {};

function changed(
  core: Core,
  before: DirectoryDocument,
  change: Omit<DirectoryChange, 'roleRules' | 'attributeMapping'> & {
    roleRules: RoleRule[] | undefined;
    attributeMapping: AttributeMapping[] | undefined;
  },
): DirectoryDocument {
  const dialect = change.dialect ?? before.dialect;
  const { attributeMapping = [], ...rest } = before;
  return {
    ...rest,
    ...mappingOf(change.attributeMapping ?? attributeMapping),
    ...guardOf(change),
    name: change.name ?? before.name,
    dialect,
    enabled: change.enabled ?? before.enabled,
    roleRules: change.roleRules ?? before.roleRules,
    tokenSeconds: change.tokenSeconds ?? tokenSecondsOf(before),
    ...changedFederation(before, change.federation),
    ...changedGoogle(core, before, change),
    learnedDialect: dialect === before.dialect ? before.learnedDialect : null,
  };
}

const hasNewKey = (before: DirectoryDocument, wanted: DirectoryDocument): boolean =>
  wanted.google?.serviceAccount !== before.google?.serviceAccount;

/** What a change does beside what it stores. */
function effectsOf(before: DirectoryDocument, wanted: DirectoryDocument, changes: readonly FieldChange[]) {
  const hasNewRules = changes.some(({ path }) => path === 'roleRules');
  const hasNewSource =
    hasNewKey(before, wanted) ||
    changes.some(({ path }) => path.startsWith('google.') || path === 'attributeMapping');
  const isOpened = wanted.enabled && !before.enabled;
  const federated = wanted.federationId === before.federationId ? null : (wanted.federation ?? null);
  return {
    hasNewGuard: changes.some(({ path }) => path.startsWith('changeGuard')),
    hasNewRules,
    hasNewSource,
    isOpened,
    federated,
    /** Whether more comes in by it than before. */
    isWider: hasNewRules || hasNewSource || isOpened || federated !== null,
  };
}

/**
 * Changes a directory. New rules hold for every later write at once; a job works out the roles of the users that stand.
 *
 * @returns the directory; the very same version when nothing changed.
 * @throws AppError `directory.not_found`, `directory.name_taken`, `input.invalid`, `role.not_grantable`, `resource.version_mismatch`.
 */
export async function updateDirectory(
  core: Core,
  actor: Actor,
  id: string,
  change: DirectoryChange,
  options: WriteOptions = {},
): Promise<DirectoryDocument> {
  requireTokenRules(core, change);
  return writeDirectory(core, actor, id, () => change, options);
}

/**
 * Changes the role rules of a directory, by those that it has.
 *
 * @throws as {@link updateDirectory}, and what the change throws.
 */
export function changeRules(
  core: Core,
  actor: Actor,
  id: string,
  change: (rules: readonly RoleRule[]) => readonly RoleRuleInput[],
  options: WriteOptions = {},
): Promise<DirectoryDocument> {
  return writeDirectory(core, actor, id, ({ roleRules }) => ({ roleRules: change(roleRules) }), options);
}

async function writeDirectory(
  core: Core,
  actor: Actor,
  id: string,
  change: (before: DirectoryDocument) => DirectoryChange,
  options: WriteOptions,
): Promise<DirectoryDocument> {
  const [{ tenantId }, now] = [actor, core.clock.now()];
  const saved = await refuseDuplicates(directoryDuplicates, () =>
    core.store.transaction((tx) =>
      changeEntity(
        directoryEntity,
        { tx, actor, now, id, options },
        {
          action: 'directory.updated',
          *wanted(before) {
            const given = change(before);
            const config = yield* tenantConfigStep(core, tx, tenantId);
            const roleRules =
              given.roleRules && checkRules(core, actor, config, before.roleRules, given.roleRules);
            const attributeMapping =
              given.attributeMapping && checkMapping(core, config, given.attributeMapping);
            return changed(core, before, { ...given, roleRules, attributeMapping });
          },
          differs: hasNewKey,
          *before(before, wanted, changes) {
            const { federated, isWider } = effectsOf(before, wanted, changes);
            if (federated) yield* requireFreeFederation(tx, tenantId, federated);
            if (isWider)
              yield* requireDirectoryAuthority(
                tx,
                actor,
                yield* tenantConfigStep(core, tx, tenantId),
                before,
              );
          },
          *after(before, wanted, changes) {
            const { hasNewGuard, hasNewRules, hasNewSource, isOpened } = effectsOf(before, wanted, changes);
            yield* touchTenant(tx, tenantId);
            if (hasNewGuard) yield* enqueueRelease({ tx, tenantId, now }, wanted, now);
            if (hasNewRules) yield* enqueueRecompute(tx, tenantId, { directoryId: id }, now);
            if (hasNewSource || isOpened) yield* pullAtOnceStep(tx, wanted, now);
          },
        },
      ),
    ),
  );
  wakeJobs(core);
  return saved;
}

/**
 * Deletes a directory with its tokens and clients. Its users and groups stay, as ones nobody provisions; a job takes away what its rules gave them.
 *
 * @throws AppError `directory.not_found`, `role.not_grantable`, `resource.version_mismatch`.
 */
export async function deleteDirectory(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const scope = tx.tenant(actor.tenantId);
    const directory = yield* requireEntity(directoryEntity, { tx, actor, id, options });
    // With it goes all that its rules gave.
    yield* requireDirectoryAuthority(tx, actor, yield* tenantConfigStep(core, tx, actor.tenantId), directory);
    yield* scope.collection('directories').remove(id);
    yield* touchTenant(tx, actor.tenantId);
    yield* scope.collection('scim_tokens').removeMany({ directoryId: id });
    yield* scope.collection('scim_clients').removeMany({ directoryId: id });
    yield* scope.collection('deviation_counts').remove(id);
    yield* scope.collection('directory_pulls').remove(id);
    yield* scope.collection('directory_guards').remove(id);
    yield* enqueueRecompute(tx, actor.tenantId, { directoryId: id }, now);
    yield* recordEvent(tx, actor, { action: 'directory.deleted', target: directoryParty(directory) }, now);
  });
  wakeJobs(core);
}
