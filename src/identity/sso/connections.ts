import type { AuditParty } from '../../persistence/collections/events.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import { changeEntity, requireEntity, type Entity } from '../audit/entity.js';
import {
  changedConnection,
  mayVerify,
  newProvider,
  requireValidConnection,
  type SsoConnectionChange,
  type SsoConnectionInput,
} from './connection-change.js';
import { clientKeyRotation } from './client-keys.js';
import { connectionFacts, differsUnseen } from './connection-facts.js';
import { keysFor, newCredentials } from './client-credentials.js';
import { domainsOf, verifiedOf } from './domains.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { holdsEverything } from '../permissions.js';
import { tenantSettings } from '../tenants/settings.js';
import { enqueueJob, wakeJobs } from '../jobs/queue.js';
import { tenantConfig, tenantConfigStep, touchTenant } from '../tenants/config.js';
import { recomputeJob } from '../users/recompute.js';
import { changedRules, requireRuleAuthority } from './connection-rules.js';
import { changedJit, requireDirectory } from './jit.js';
import type { WriteOptions } from '../versions.js';
import { enqueueReminders, withReminders } from './expiry-reminders.js';
import { providerDigest } from './provider-digest.js';
import { enqueueFallback, withEnforcement } from './required-fallback.js';
import { guardRequired, notReady } from './required-guard.js';
import { enqueueRefresh } from './saml/metadata-refresh.js';
import { resolveSaml } from './saml/saml-settings.js';

export {
  clientAuthMethods,
  type SsoConnectionDocument,
} from '../../persistence/collections/sso-connections.js';
export { openClientSecret } from './client-credentials.js';
export type { SsoConnectionChange, SsoConnectionInput } from './connection-change.js';

const keyTaken = {
  code: 'sso_connection.key_taken',
  message: 'the key is, or was, another connection’s',
  pointer: '/key',
} as const;

export const connectionDuplicates = {
  sso_connections_key: keyTaken,
  sso_connections_keys: keyTaken,
  sso_connections_name: {
    code: 'sso_connection.name_taken',
    message: 'the name is taken by another connection',
    pointer: '/name',
  },
  sso_connections_domain: {
    code: 'sso_connection.domain_taken',
    message: 'the domain is verified for another connection',
    pointer: '/domains',
  },
} as const;

export const connectionParty = ({ _id, name }: Pick<SsoConnectionDocument, '_id' | 'name'>): AuditParty => ({
  type: 'sso_connection',
  id: _id,
  label: name,
});

const withWatches = <T extends Parameters<typeof withReminders>[1] & Parameters<typeof withEnforcement>[1]>(
  now: Date,
  before: SsoConnectionDocument | undefined,
  after: T,
): T => withEnforcement(before, withReminders(before, after), now);

/**
 * @param options - `isDraft`: the provider is not known yet, and the connection off until it is.
 * @throws AppError `sso_connection.name_taken`, `sso_connection.domain_taken`, `input.invalid`.
 */
export async function createConnection(
  core: Core,
  actor: Actor,
  input: SsoConnectionInput,
  { isDraft = false }: { isDraft?: boolean } = {},
): Promise<SsoConnectionDocument> {
  const provider = await newProvider(core, input, isDraft);
  const credentials = await newCredentials(core, input);
  await guardRequired(core, actor, { before: undefined, after: { mode: input.mode ?? 'off' } });
  const now = core.clock.now();
  const domains = domainsOf(input.domains ?? [], [], mayVerify(actor), now);
  const settings = await tenantSettings(core, actor.tenantId);
  return refuseDuplicates(connectionDuplicates, () =>
    core.store.transaction(function* (tx) {
      // Before the tenant gets its new version, under which the configuration is remembered.
      const config = yield* tenantConfigStep(core, tx, actor.tenantId);
      requireDirectory(config, input.directoryId);
      yield* touchTenant(tx, actor.tenantId);
      const connection = yield* tx
        .tenant(actor.tenantId)
        .collection('sso_connections')
        .insert(
          withWatches(now, undefined, {
            _id: newId(),
            tenantId: actor.tenantId,
            name: input.name,
            key: input.key ?? null,
            keys: input.key ? [input.key] : [],
            ...provider,
            ...credentials,
            tenantClaim: input.tenantClaim ?? null,
            scopes: provider.saml ? [] : [...(input.scopes ?? ['openid', 'email', 'profile'])],
            mode: input.mode ?? 'off',
            fallbackMinutes: input.fallbackMinutes ?? null,
            ...changedJit({ jitProvisioning: settings['sso.jitProvisioning'] }, input),
            directoryId: input.directoryId ?? null,
            ...changedRules(core, actor, config, { before: undefined, given: input.roleRules }),
            domains,
            verifiedDomains: verifiedOf(domains),
          }),
        );
      yield* enqueueRefresh(tx, connection, now);
      yield* enqueueReminders(tx, connection, now);
      yield* enqueueFallback(tx, connection, now);
      yield* recordEvent(tx, actor, { action: 'sso.created', target: connectionParty(connection) }, now);
      return connection;
    }),
  );
}

/** @throws AppError `sso_connection.not_found`. */
export async function getConnection(
  core: Core,
  tenantId: string,
  id: string,
): Promise<SsoConnectionDocument> {
  const connection = await core.store.tenant(tenantId).collection('sso_connections').get(id);
  if (!connection) throw new AppError('sso_connection.not_found', 'there is no such connection');
  return connection;
}

/** All connections of a tenant by name. */
export function listConnections(core: Core, tenantId: string): Promise<SsoConnectionDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('sso_connections')
    .find({}, { sort: { name: 1 } });
}

export const connectionEntity: Entity<'sso_connections'> = {
  collection: 'sso_connections',
  notFound: () => new AppError('sso_connection.not_found', 'there is no such connection'),
  partyOf: connectionParty,
  factsOf: connectionFacts,
};

/**
 * Changes a connection.
 *
 * @returns the connection; the very same version when nothing changed.
 * @throws AppError `sso_connection.not_found`, `sso_connection.name_taken`, `sso_connection.domain_taken`, `input.invalid`,
 *   `resource.version_mismatch`.
 */
export async function updateConnection(
  core: Core,
  actor: Actor,
  id: string,
  change: SsoConnectionChange,
  options: WriteOptions = {},
): Promise<SsoConnectionDocument> {
  const stored = await getConnection(core, actor.tenantId, id);
  const { protocol = 'oidc' } = stored;
  if (change.protocol !== undefined && change.protocol !== protocol) {
    const detail = 'cannot change: make another connection';
    throw new AppError('input.invalid', `the protocol ${detail}`, {
      errors: [{ pointer: '/protocol', detail }],
    });
  }
  requireValidConnection(core, protocol, change);
  const saml = protocol === 'saml' ? await resolveSaml(core, change) : undefined;
  const keys = await keysFor(core, change, stored);
  const config = await tenantConfig(core, actor.tenantId);
  requireDirectory(config, change.directoryId);
  const changed = (before: SsoConnectionDocument): SsoConnectionDocument => {
    requireRuleAuthority(actor, config, before);
    const rules = changedRules(core, actor, config, { before: before.roleRules, given: change.roleRules });
    return { ...changedConnection(core, actor, before, { change, saml, keys }), ...rules };
  };
  const wanted = changed(stored);
  const isJudged = await guardRequired(core, actor, { before: stored, after: wanted });
  const judged = (before: SsoConnectionDocument): SsoConnectionDocument => {
    const after = changed(before);
    if (isJudged && providerDigest(after) !== providerDigest(wanted))
      throw notReady(['another request changed the provider: test it again']);
    return after;
  };
  return writeConnection(core, actor, id, 'sso.updated', judged, options);
}

/** Changes a connection by a pure function of what is stored; the very same version when nothing changed. */
async function writeConnection(
  core: Core,
  actor: Actor,
  id: string,
  action: string,
  change: (before: SsoConnectionDocument) => SsoConnectionDocument,
  options: WriteOptions,
): Promise<SsoConnectionDocument> {
  const now = core.clock.now();
  return refuseDuplicates(connectionDuplicates, () =>
    core.store.transaction((tx) =>
      changeEntity(
        connectionEntity,
        { tx, actor, now, id, options },
        {
          action,
          *wanted(before) {
            return withWatches(now, before, change(before));
          },
          differs: differsUnseen,
          *after(before, wanted) {
            yield* enqueueReminders(tx, wanted, now, before);
            yield* enqueueFallback(tx, wanted, now, before);
            if (wanted.saml?.refreshId !== before.saml?.refreshId) yield* enqueueRefresh(tx, wanted, now);
            yield* touchTenant(tx, actor.tenantId);
          },
        },
      ),
    ),
  );
}

/**
 * Allows that people the connection's earlier provider signed in are connected to the present one, by their address, at their next
 * sign-in: an administrator's word, since it decides who they are.
 *
 * @throws AppError `sso_connection.not_found`, `auth.forbidden` for whoever lacks a permission of an administrator,
 *   `resource.version_mismatch`.
 */
export function allowRelinking(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<SsoConnectionDocument> {
  if (!holdsEverything(actor))
    throw new AppError('auth.forbidden', 'only an administrator may let users be linked again');
  const allowed = (before: SsoConnectionDocument): SsoConnectionDocument => ({
    ...before,
    relinkVersion: before.providerVersion ?? 0,
  });
  return writeConnection(core, actor, id, 'sso.relink_allowed', allowed, options);
}

/**
 * Makes the next key of a connection sign, and publishes another one. The one that signed is tried where the provider does not take it yet.
 *
 * @throws AppError `sso_connection.not_found`, `input.invalid` for one without keys, `resource.version_mismatch`.
 */
export async function rotateClientKey(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<SsoConnectionDocument> {
  const rotated = await clientKeyRotation(core);
  const change = (before: SsoConnectionDocument): SsoConnectionDocument => {
    if (!before.clientKeys)
      throw new AppError('input.invalid', 'only a connection with private_key_jwt has keys');
    return { ...before, clientKeys: rotated(before.clientKeys) };
  };
  return writeConnection(core, actor, id, 'sso.client_key_rotated', change, options);
}

/** @throws AppError `sso_connection.not_found`, `resource.version_mismatch`. */
export async function deleteConnection(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const scope = tx.tenant(actor.tenantId);
    const connection = yield* requireEntity(connectionEntity, { tx, actor, id, options });
    yield* scope.collection('sso_connections').remove(id);
    yield* touchTenant(tx, actor.tenantId);
    yield* scope.collection('identities').removeMany({ connectionId: id });
    if (connection.roleRules) {
      const payload = { connectionId: id };
      yield* enqueueJob(tx, actor.tenantId, { kind: recomputeJob, payload }, now);
    }
    yield* recordEvent(tx, actor, { action: 'sso.deleted', target: connectionParty(connection) }, now);
  });
  wakeJobs(core);
}
