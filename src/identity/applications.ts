import type { AuditParty } from '../persistence/collections/events.js';
import {
  signingAlgorithms,
  type ApplicationDocument,
  type SigningAlgorithm,
} from '../persistence/collections/tenants.js';
import { AppError, type InputFault } from '../shared/errors.js';
import { hashToken, newId, newToken } from '../shared/ids.js';
import { recordEvent } from './audit.js';
import { changesBetween } from './changes.js';
import type { Actor, Core } from './core.js';
import { refuseDuplicates } from './duplicates.js';
import { enqueueJob, wakeJobs } from './jobs.js';
import { recomputeJob } from './recompute.js';
import { touchTenant } from './tenant-config.js';
import { requireVersion, type WriteOptions } from './versions.js';
import { outboundFault, redirectFault } from './web-address.js';

export { signingAlgorithms, type ApplicationDocument } from '../persistence/collections/tenants.js';

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

const partyOf = ({ _id, key }: Pick<ApplicationDocument, '_id' | 'key'>): AuditParty => ({
  type: 'application',
  id: _id,
  label: key,
});

function addressFaults(core: Core, input: ApplicationChange): InputFault[] {
  const redirects = (['redirectUris', 'postLogoutRedirectUris'] as const).flatMap((field) =>
    (input[field] ?? []).flatMap((uri, index) => {
      const detail = redirectFault(uri, core.config.allowPrivateIssuers);
      return detail === undefined ? [] : [{ pointer: `/${field}/${index}`, detail }];
    }),
  );
  const { backchannelLogoutUri } = input;
  const detail = backchannelLogoutUri ? outboundFault(core, backchannelLogoutUri) : undefined;
  return [...redirects, ...(detail === undefined ? [] : [{ pointer: '/backchannelLogoutUri', detail }])];
}

function requireValid(core: Core, input: ApplicationChange & { key?: string }): void {
  const errors = addressFaults(core, input);
  if (input.key !== undefined && !/^[A-Za-z0-9][\w-]{0,63}$/.test(input.key)) {
    errors.push({ pointer: '/key', detail: 'must be letters, digits, "_" and "-", at most 64' });
  }
  if (input.clientId !== undefined && !/^[\x21-\x7e]{1,255}$/.test(input.clientId)) {
    errors.push({ pointer: '/clientId', detail: 'must be visible ASCII characters, at most 255' });
  }
  if (input.clientSecret === '') errors.push({ pointer: '/clientSecret', detail: 'must not be empty' });
  if (errors.length > 0) throw new AppError('input.invalid', 'the application is not valid', { errors });
}

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
  requireValid(core, input);
  const clientSecret = input.clientSecret === undefined ? newToken('gh_app') : input.clientSecret;
  const now = core.clock.now();
  const application = await refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      yield* touchTenant(tx, actor.tenantId);
      const stored = yield* tx
        .tenant(actor.tenantId)
        .collection('applications')
        .insert({
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
          enabled: input.enabled ?? true,
        });
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

function changed(before: ApplicationDocument, change: ApplicationChange): ApplicationDocument {
  const { clientSecret } = change;
  const hash = clientSecret === null ? null : hashToken(clientSecret ?? '');
  return {
    ...before,
    name: change.name ?? before.name,
    clientId: change.clientId ?? before.clientId,
    clientSecretHash: clientSecret === undefined ? before.clientSecretHash : hash,
    redirectUris: [...(change.redirectUris ?? before.redirectUris)],
    postLogoutRedirectUris: [...(change.postLogoutRedirectUris ?? before.postLogoutRedirectUris)],
    backchannelLogoutUri:
      change.backchannelLogoutUri === undefined ? before.backchannelLogoutUri : change.backchannelLogoutUri,
    idTokenSignedResponseAlg: change.idTokenSignedResponseAlg ?? signedResponseAlg(before),
    enabled: change.enabled ?? before.enabled,
  };
}

function auditable(application: ApplicationDocument): Record<string, unknown> {
  const { name, clientId, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, enabled } = application;
  const idTokenSignedResponseAlg = signedResponseAlg(application);
  return {
    ...{ name, clientId, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, enabled },
    idTokenSignedResponseAlg,
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
  requireValid(core, change);
  const { _id } = await getApplication(core, actor.tenantId, idOrKey);
  const now = core.clock.now();
  return refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      const applications = tx.tenant(actor.tenantId).collection('applications');
      const before = yield* applications.get(_id);
      if (!before) throw new AppError('application.not_found', 'there is no such application');
      requireVersion(before, options.ifVersion);
      const wanted = changed(before, change);
      const changes = changesBetween(auditable(before), auditable(wanted));
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
    requireVersion(application, options.ifVersion);
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
