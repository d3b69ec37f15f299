import { isDeepStrictEqual } from 'node:util';
import {
  applicationKinds,
  signingAlgorithms,
  type ApplicationDocument,
} from '../../persistence/collections/applications.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import { hashToken, newToken } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import { requireEntity, type Entity } from '../audit/entity.js';
import { changesBetween } from '../changes.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { wakeJobs } from '../jobs/queue.js';
import { tenantConfig, tenantConfigStep } from '../tenants/config.js';
import { isServerApplication, touchServerApplications } from '../tenants/server-applications.js';
import { touchOwner, touchServed } from './touch.js';
import { claimFaults, type ApplicationClaim } from './claims.js';
import { commonSchemas, userSchemaOf } from '../tenants/schemas.js';
import type { WriteOptions } from '../versions.js';
import { dropAccessStep, putAccessStep } from './access.js';
import { putRolesStep, releaseRole } from './application-roles.js';
import {
  auditable,
  changedApplication,
  duplicates,
  newApplication,
  noPrevious,
  partyOf,
  type ApplicationChange,
  type ApplicationInput,
} from './fields.js';
import { requireFreeKey } from './keys.js';
import { getApplication } from './find.js';
import { endAccessOfLeft, servedTenantsStep } from './reach.js';
import { requireFreeResources } from './resources.js';
import { requireValidApplication } from './rules.js';

export { applicationKinds, signingAlgorithms, type ApplicationDocument };
export { signedResponseAlg, type ApplicationChange, type ApplicationInput } from './fields.js';

/** A write of an application: `owner` is the tenant that owns it, or `server`; absent: the actor's tenant. */
type OwnedWrite = WriteOptions & { owner?: string };

/** @throws AppError `input.invalid` for the access rule of an application of the server: each tenant has its own. */
function requireOwned(application: ApplicationDocument): void {
  if (!isServerApplication(application)) return;
  const detail = 'each tenant sets it: send the header Gatehouse-Tenant';
  throw new AppError('input.invalid', 'the application is not valid', {
    errors: [{ pointer: '/access', detail }],
  });
}

/** Applications and clients of directories share one space of client ids. */
function* requireFreeClientId(tx: Transaction, clientId: string): Step<void> {
  if (!(yield* tx.server.collection('scim_clients').findOne({ _id: clientId }))) return;
  const { code, message, pointer } = duplicates.applications_client_id;
  throw new AppError(code, message, { errors: [{ pointer, detail: message }] });
}

/** What stands is not judged again: its attribute may have gone since. */
const haveSameClaims = (before: ApplicationDocument, wanted: ApplicationDocument): boolean =>
  isDeepStrictEqual(before.claims ?? [], wanted.claims ?? []);

/** By the schemas as they are now: of the tenant that owns the application, and of every tenant for one of the server. */
async function faultsOfClaims(
  core: Core,
  owner: string,
  claims: readonly ApplicationClaim[] = [],
): Promise<InputFault[]> {
  if (claims.length === 0) return [];
  if (isServerApplication({ tenantId: owner })) return claimFaults(commonSchemas(core).user, claims, true);
  return claimFaults(userSchemaOf(core, await tenantConfig(core, owner)), claims);
}

/**
 * Registers an application.
 *
 * @param owner - the tenant that owns it, or `server`.
 * @returns the client secret in clear, this once; null for a public client.
 * @throws AppError `application.key_taken`, `application.client_id_taken`, `input.invalid`.
 */
export async function createApplication(
  core: Core,
  actor: Actor,
  input: ApplicationInput,
  owner = actor.tenantId,
): Promise<{ application: ApplicationDocument; clientSecret: string | null }> {
  const clientSecret = input.clientSecret === undefined ? newToken('gh_app') : input.clientSecret;
  const now = core.clock.now();
  const fields = newApplication(owner, input, clientSecret);
  requireValidApplication(core, fields, undefined, await faultsOfClaims(core, owner, input.claims));
  const application = await refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      const wanted = { ...fields, ...(yield* servedTenantsStep(tx, fields, input.tenants)) };
      yield* requireFreeKey(tx, wanted);
      yield* requireFreeResources(tx, wanted);
      yield* touchOwner(tx, wanted);
      yield* requireFreeClientId(tx, wanted.clientId);
      const stored = yield* tx.tenant(owner).collection('applications').insert(wanted);
      yield* recordEvent(tx, actor, { action: 'application.created', target: partyOf(stored) }, now);
      if (input.roles) yield* putRolesStep({ tx, actor, application: stored, now }, input.roles);
      return stored;
    }),
  );
  return { application, clientSecret };
}

/**
 * What a change makes of an application must not take a key or client id of another one.
 *
 * @throws AppError `application.key_taken`, `application.client_id_taken`.
 */
function* requireFreeNames(
  tx: Transaction,
  before: ApplicationDocument,
  wanted: ApplicationDocument,
): Step<void> {
  if (!isDeepStrictEqual(before.servedTenants, wanted.servedTenants)) yield* requireFreeKey(tx, wanted);
  if (wanted.clientId !== before.clientId) yield* requireFreeClientId(tx, wanted.clientId);
  yield* requireFreeResources(tx, wanted, before);
}

/** The writes beside the application's own document; whether any of them changed something. */
function* changeBeside(
  { core, tx, actor, now }: { core: Core; tx: Transaction; actor: Actor; now: Date },
  before: ApplicationDocument,
  { access, roles }: ApplicationChange,
): Step<boolean> {
  let isChanged = false;
  if (access) {
    requireOwned(before);
    // Before any write: it reads the configuration.
    const config = yield* tenantConfigStep(core, tx, before.tenantId);
    isChanged = yield* putAccessStep({ tx, actor, now }, config, before, access);
  }
  if (roles && (yield* putRolesStep({ tx, actor, application: before, now }, roles))) {
    yield* touchOwner(tx, before);
    isChanged = true;
  }
  return isChanged;
}

const applicationEntity: Entity<'applications'> = {
  collection: 'applications',
  notFound: () => new AppError('application.not_found', 'there is no such application'),
  partyOf,
  factsOf: auditable,
};

/**
 * Changes an application; its key stays.
 *
 * @returns the application; the very same version when nothing changed.
 * @throws AppError `application.not_found`, `application.key_taken`, `application.client_id_taken`, `input.invalid`, `role.in_use`,
 *   `resource.version_mismatch`.
 */
export async function updateApplication(
  core: Core,
  actor: Actor,
  idOrKey: string,
  change: ApplicationChange,
  options: OwnedWrite = {},
): Promise<ApplicationDocument> {
  const { owner = actor.tenantId } = options;
  const { _id } = await getApplication(core, owner, idOrKey);
  const faults = await faultsOfClaims(core, owner, change.claims);
  const now = core.clock.now();
  const changed = await refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      const applications = tx.tenant(owner).collection('applications');
      const before = yield* requireEntity(applicationEntity, { tx, actor, id: _id, owner, options });
      const served = yield* servedTenantsStep(tx, before, change.tenants);
      const wanted = { ...changedApplication(before, change), ...served };
      requireValidApplication(core, wanted, before, haveSameClaims(before, wanted) ? [] : faults);
      yield* requireFreeNames(tx, before, wanted);
      const isChangedBeside = yield* changeBeside({ core, tx, actor, now }, before, change);
      const changes = changesBetween(auditable(before), auditable(wanted));
      const isNewSecret = wanted.clientSecretHash !== before.clientSecretHash;
      if (changes.length === 0 && !isNewSecret && !isChangedBeside) return before;
      const after = yield* applications.update(_id, () => wanted);
      yield* touchServed(tx, wanted);
      yield* endAccessOfLeft(tx, before, wanted, now);
      const action = isNewSecret ? 'application.secret_changed' : 'application.updated';
      if (changes.length > 0 || isNewSecret)
        yield* recordEvent(tx, actor, { action, target: partyOf(before), changes }, now);
      return after ?? before;
    }),
  );
  wakeJobs(core);
  return changed;
}

/**
 * Makes a new client secret. The old one is good until the overlap is over, so that the application's machines can be changed one by one; one
 * that was replaced before it is dead at once.
 *
 * @param overlapSeconds - 0 ends the old one at once.
 * @returns the new secret in clear, this once.
 * @throws AppError `application.not_found`, `input.invalid` when its addresses are those of a native application, `resource.version_mismatch`.
 */
export async function replaceApplicationSecret(
  core: Core,
  actor: Actor,
  idOrKey: string,
  { overlapSeconds, ...options }: { overlapSeconds: number } & OwnedWrite,
): Promise<{ application: ApplicationDocument; clientSecret: string }> {
  const { owner = actor.tenantId } = options;
  const { _id } = await getApplication(core, owner, idOrKey);
  const clientSecret = newToken('gh_app');
  const now = core.clock.now();
  const overlap = overlapSeconds > 0 ? new Date(now.getTime() + overlapSeconds * 1000) : null;
  const application = await core.store.transaction(function* (tx) {
    const applications = tx.tenant(owner).collection('applications');
    const before = yield* requireEntity(applicationEntity, { tx, actor, id: _id, owner, options });
    const previous = overlap && { previousSecretHash: before.clientSecretHash, previousSecretUntil: overlap };
    const wanted = { ...before, clientSecretHash: hashToken(clientSecret), ...(previous ?? noPrevious) };
    requireValidApplication(core, wanted, before);
    const after = yield* applications.update(_id, () => wanted);
    yield* touchServed(tx, wanted);
    const changes = [{ path: 'previousSecretUntil', before: null, after: overlap?.toISOString() ?? null }];
    const target = partyOf(before);
    yield* recordEvent(tx, actor, { action: 'application.secret_changed', target, changes }, now);
    return after ?? before;
  });
  return { application, clientSecret };
}

/**
 * Deletes an application with its roles; nobody has them from this moment, a job clears the grants.
 *
 * @throws AppError `application.not_found`, `resource.version_mismatch`.
 */
export async function deleteApplication(
  core: Core,
  actor: Actor,
  idOrKey: string,
  options: OwnedWrite = {},
): Promise<void> {
  const { owner = actor.tenantId } = options;
  const { _id } = await getApplication(core, owner, idOrKey);
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const scope = tx.tenant(owner);
    const application = yield* requireEntity(applicationEntity, { tx, actor, id: _id, owner, options });
    if (isServerApplication(application)) yield* touchServerApplications(tx);
    else yield* dropAccessStep(tx, owner, _id);
    yield* scope.collection('applications').remove(_id);
    yield* scope.collection('consents').removeMany({ applicationId: _id });
    const roles = yield* scope.collection('roles').find({ applicationKey: application.key });
    for (const role of roles) {
      yield* scope.collection('roles').remove(role._id);
      yield* releaseRole({ tx, actor, application, now }, role);
    }
    yield* recordEvent(tx, actor, { action: 'application.deleted', target: partyOf(application) }, now);
  });
  wakeJobs(core);
}
