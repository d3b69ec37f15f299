import type { AuditParty } from '../../persistence/collections/events.js';
import {
  signingAlgorithms,
  type ApplicationDocument,
  type SigningAlgorithm,
} from '../../persistence/collections/tenants.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { hashToken, newId, newToken } from '../../shared/ids.js';
import { requireValidApplication } from './rules.js';
import { recordEvent } from '../audit/audit.js';
import { changesBetween } from '../changes.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { enqueueJob, wakeJobs } from '../jobs/queue.js';
import { recomputeJob } from '../users/recompute.js';
import { touchTenant } from '../tenants/config.js';
import { requireVersion, type WriteOptions } from '../versions.js';

export { signingAlgorithms, type ApplicationDocument } from '../../persistence/collections/tenants.js';

export interface ApplicationInput {
  /** Letters, digits, `_` and `-`: the prefix of its roles. */
  key: string;
  name: string;
  /** Unique over the server; absent: a new random one. */
  clientId?: string | undefined;
  /** Absent: a new random one; null: a public client (PKCE alone). */
  clientSecret?: string | null | undefined;
  redirectUris: readonly string[];
  postLogoutRedirectUris?: readonly string[] | undefined;
  backchannelLogoutUri?: string | null | undefined;
  /** What its ID and logout tokens are signed with; absent: RS256. */
  idTokenSignedResponseAlg?: SigningAlgorithm | undefined;
  /** Whether it may ask for `scim:me`, the person's own SCIM resource; absent: no. */
  allowScimMe?: boolean | undefined;
  /** Whether it has to use PKCE; false for confidential applications only. Absent: yes. */
  requirePkce?: boolean | undefined;
  enabled?: boolean | undefined;
}

const [defaultAlgorithm] = signingAlgorithms;

/** What an application's ID and logout tokens are signed with. */
export function signedResponseAlg(application: ApplicationDocument): SigningAlgorithm {
  return application.idTokenSignedResponseAlg ?? defaultAlgorithm;
}

const duplicates = {
  applications_key: {
    code: 'application.key_taken',
    message: 'the key is taken by another application',
    pointer: '/key',
  },
  applications_client_id: {
    code: 'application.client_id_taken',
    message: 'the client id is taken',
    pointer: '/clientId',
  },
} as const;

/** Applications and clients of directories share one space of client ids. */
function* requireFreeClientId(tx: Transaction, clientId: string): Step<void> {
  if (!(yield* tx.server.collection('scim_clients').findOne({ _id: clientId }))) return;
  const { code, message, pointer } = duplicates.applications_client_id;
  throw new AppError(code, message, { errors: [{ pointer, detail: message }] });
}

const partyOf = ({ _id, key }: Pick<ApplicationDocument, '_id' | 'key'>): AuditParty => ({
  type: 'application',
  id: _id,
  label: key,
});

/**
 * Registers an application.
 *
 * @returns the client secret in clear, this once; null for a public client.
 * @throws AppError `application.key_taken`, `application.client_id_taken`, `input.invalid`.
 */
export async function createApplication(
  core: Core,
  actor: Actor,
  input: ApplicationInput,
): Promise<{ application: ApplicationDocument; clientSecret: string | null }> {
  const clientSecret = input.clientSecret === undefined ? newToken('gh_app') : input.clientSecret;
  const now = core.clock.now();
  const wanted = {
    _id: newId(),
    tenantId: actor.tenantId,
    key: input.key,
    name: input.name,
    clientId: input.clientId ?? newId(),
    clientSecretHash: clientSecret === null ? null : hashToken(clientSecret),
    redirectUris: [...input.redirectUris],
    postLogoutRedirectUris: [...(input.postLogoutRedirectUris ?? [])],
    backchannelLogoutUri: input.backchannelLogoutUri ?? null,
    idTokenSignedResponseAlg: input.idTokenSignedResponseAlg ?? defaultAlgorithm,
    allowScimMe: input.allowScimMe ?? false,
    requirePkce: input.requirePkce ?? true,
    enabled: input.enabled ?? true,
  };
  requireValidApplication(core, wanted);
  const application = await refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      yield* touchTenant(tx, actor.tenantId);
      yield* requireFreeClientId(tx, wanted.clientId);
      const stored = yield* tx.tenant(actor.tenantId).collection('applications').insert(wanted);
      yield* recordEvent(tx, actor, { action: 'application.created', target: partyOf(stored) }, now);
      return stored;
    }),
  );
  return { application, clientSecret };
}

/**
 * @param idOrKey - the id or the key.
 * @throws AppError `application.not_found`.
 */
export async function getApplication(
  core: Core,
  tenantId: string,
  idOrKey: string,
): Promise<ApplicationDocument> {
  const applications = core.store.tenant(tenantId).collection('applications');
  const application = (await applications.get(idOrKey)) ?? (await applications.findOne({ key: idOrKey }));
  if (!application) throw new AppError('application.not_found', 'there is no such application');
  return application;
}

/** All applications of a tenant by key. */
export function listApplications(core: Core, tenantId: string): Promise<ApplicationDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('applications')
    .find({}, { sort: { key: 1 } });
}

/** What is absent or undefined stays. */
export type ApplicationChange = {
  [K in Exclude<keyof ApplicationInput, 'key'>]?: ApplicationInput[K] | undefined;
};

/** A secret that is given or taken away ends the one before it as well. */
const noPrevious = { previousSecretHash: null, previousSecretUntil: null };

function changed(before: ApplicationDocument, change: ApplicationChange): ApplicationDocument {
  const { clientSecret, redirectUris, postLogoutRedirectUris, ...rest } = change;
  const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const hash = clientSecret === null ? null : hashToken(clientSecret ?? '');
  const isNewSecret = clientSecret !== undefined && hash !== before.clientSecretHash;
  return {
    ...before,
    ...said,
    key: before.key,
    redirectUris: [...(redirectUris ?? before.redirectUris)],
    postLogoutRedirectUris: [...(postLogoutRedirectUris ?? before.postLogoutRedirectUris)],
    ...(isNewSecret && { clientSecretHash: hash, ...noPrevious }),
  };
}

function auditable(application: ApplicationDocument): Record<string, unknown> {
  const { name, clientId, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, enabled } = application;
  const { allowScimMe = false, requirePkce = true } = application;
  const idTokenSignedResponseAlg = signedResponseAlg(application);
  return {
    ...{ name, clientId, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, enabled },
    ...{ idTokenSignedResponseAlg, allowScimMe, requirePkce },
  };
}

/**
 * Changes an application; its key stays.
 *
 * @returns the application; the very same version when nothing changed.
 * @throws AppError `application.not_found`, `application.client_id_taken`, `input.invalid`, `resource.version_mismatch`.
 */
export async function updateApplication(
  core: Core,
  actor: Actor,
  idOrKey: string,
  change: ApplicationChange,
  options: WriteOptions = {},
): Promise<ApplicationDocument> {
  const { _id } = await getApplication(core, actor.tenantId, idOrKey);
  const now = core.clock.now();
  return refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      const applications = tx.tenant(actor.tenantId).collection('applications');
      const before = yield* applications.get(_id);
      if (!before) throw new AppError('application.not_found', 'there is no such application');
      requireVersion(before, options);
      const wanted = changed(before, change);
      requireValidApplication(core, wanted, before);
      const changes = changesBetween(auditable(before), auditable(wanted));
      if (wanted.clientId !== before.clientId) yield* requireFreeClientId(tx, wanted.clientId);
      const isNewSecret = wanted.clientSecretHash !== before.clientSecretHash;
      if (changes.length === 0 && !isNewSecret) return before;
      const after = yield* applications.update(_id, () => wanted);
      const action = isNewSecret ? 'application.secret_changed' : 'application.updated';
      yield* recordEvent(tx, actor, { action, target: partyOf(before), changes }, now);
      return after ?? before;
    }),
  );
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
  { overlapSeconds, ...options }: { overlapSeconds: number } & WriteOptions,
): Promise<{ application: ApplicationDocument; clientSecret: string }> {
  const { _id } = await getApplication(core, actor.tenantId, idOrKey);
  const clientSecret = newToken('gh_app');
  const now = core.clock.now();
  const overlap = overlapSeconds > 0 ? new Date(now.getTime() + overlapSeconds * 1000) : null;
  const application = await core.store.transaction(function* (tx) {
    const applications = tx.tenant(actor.tenantId).collection('applications');
    const before = yield* applications.get(_id);
    if (!before) throw new AppError('application.not_found', 'there is no such application');
    requireVersion(before, options);
    const previous = overlap && { previousSecretHash: before.clientSecretHash, previousSecretUntil: overlap };
    const wanted = { ...before, clientSecretHash: hashToken(clientSecret), ...(previous ?? noPrevious) };
    requireValidApplication(core, wanted, before);
    const after = yield* applications.update(_id, () => wanted);
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
  options: WriteOptions = {},
): Promise<void> {
  const { _id } = await getApplication(core, actor.tenantId, idOrKey);
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const scope = tx.tenant(actor.tenantId);
    const application = yield* scope.collection('applications').get(_id);
    if (!application) throw new AppError('application.not_found', 'there is no such application');
    requireVersion(application, options);
    yield* touchTenant(tx, actor.tenantId);
    yield* scope.collection('applications').remove(_id);
    const roles = yield* scope.collection('roles').find({ applicationKey: application.key });
    for (const role of roles) {
      yield* scope.collection('roles').remove(role._id);
      yield* enqueueJob(tx, actor.tenantId, { kind: recomputeJob, payload: { role: role.fullKey } }, now);
    }
    yield* recordEvent(tx, actor, { action: 'application.deleted', target: partyOf(application) }, now);
  });
  wakeJobs(core);
}
