import type { AuditParty } from '../persistence/collections/events.js';
import type { SsoConnectionDocument, SsoMode } from '../persistence/collections/tenants.js';
import { AppError, type InputFault } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import { recordEvent } from './audit.js';
import { changesBetween } from './changes.js';
import { domainFault, domainsOf, verifiedOf, type ConnectionDomainInput } from './connection-domains.js';
import type { Actor, Core } from './core.js';
import { refuseDuplicates } from './duplicates.js';
import { tenantSettings } from './tenant-settings.js';
import { touchTenant } from './tenant-config.js';
import { requireVersion, type WriteOptions } from './versions.js';
import { outboundFault } from './web-address.js';

export type { SsoConnectionDocument } from '../persistence/collections/tenants.js';

export interface SsoConnectionInput {
  name: string;
  issuer: string;
  clientId: string;
  /** null: a public client. */
  clientSecret?: string | null | undefined;
  scopes?: readonly string[] | undefined;
  mode?: SsoMode | undefined;
  jitProvisioning?: boolean | undefined;
  domains?: readonly ConnectionDomainInput[] | undefined;
}

/** What is absent or undefined stays. */
export type SsoConnectionChange = { [K in keyof SsoConnectionInput]?: SsoConnectionInput[K] | undefined };

const secretPurpose = 'sso-connection';

const duplicates = {
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

const partyOf = ({ _id, name }: Pick<SsoConnectionDocument, '_id' | 'name'>): AuditParty => ({
  type: 'sso_connection',
  id: _id,
  label: name,
});

function requireValid(core: Core, input: SsoConnectionChange): void {
  const errors: InputFault[] = [];
  const issuer = input.issuer === undefined ? undefined : outboundFault(core, input.issuer);
  if (issuer !== undefined) errors.push({ pointer: '/issuer', detail: issuer });
  input.domains?.forEach(({ domain }, index) => {
    const detail = domainFault(domain);
    if (detail !== undefined) errors.push({ pointer: `/domains/${index}/domain`, detail });
  });
  if (input.clientId === '') errors.push({ pointer: '/clientId', detail: 'must not be empty' });
  if (errors.length > 0) throw new AppError('input.invalid', 'the connection is not valid', { errors });
}

/** Only the operator says without a proof that a domain is somebody's. */
const mayVerify = (actor: Actor): boolean => actor.party.type === 'system' || actor.party.type === 'staff';

/** @throws AppError `sso_connection.name_taken`, `sso_connection.domain_taken`, `input.invalid`. */
export async function createConnection(
  core: Core,
  actor: Actor,
  input: SsoConnectionInput,
): Promise<SsoConnectionDocument> {
  requireValid(core, input);
  const now = core.clock.now();
  const domains = domainsOf(input.domains ?? [], [], mayVerify(actor), now);
  const settings = await tenantSettings(core, actor.tenantId);
  return refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      yield* touchTenant(tx, actor.tenantId);
      const connection = yield* tx
        .tenant(actor.tenantId)
        .collection('sso_connections')
        .insert({
          _id: newId(),
          tenantId: actor.tenantId,
          name: input.name,
          issuer: input.issuer,
          clientId: input.clientId,
          clientSecret: input.clientSecret ? core.secretBox.seal(secretPurpose, input.clientSecret) : null,
          scopes: [...(input.scopes ?? ['openid', 'email', 'profile'])],
          mode: input.mode ?? 'off',
          jitProvisioning: input.jitProvisioning ?? settings['sso.jitProvisioning'],
          domains,
          verifiedDomains: verifiedOf(domains),
        });
      yield* recordEvent(tx, actor, { action: 'sso.created', target: partyOf(connection) }, now);
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

/**
 * The connection that answers for a domain, whoever's it is and whatever its mode.
 *
 * @param domain - in normal form, as `parseEmail` gives it; matched exactly.
 */
export function findConnectionByDomain(
  core: Core,
  domain: string,
): Promise<SsoConnectionDocument | undefined> {
  return core.store.server.collection('sso_connections').findOne({ verifiedDomains: domain });
}

/** The client secret in clear; null for a public client. */
export function openClientSecret(core: Core, connection: SsoConnectionDocument): string | null {
  return connection.clientSecret === null
    ? null
    : core.secretBox.open(secretPurpose, connection.clientSecret);
}

function sealedSecret(
  core: Core,
  before: SsoConnectionDocument,
  secret: string | null | undefined,
): string | null {
  // Sealing gives another text each time: one that says the same stays, so that nothing looks changed.
  if (secret === undefined || secret === openClientSecret(core, before)) return before.clientSecret;
  return secret === null ? null : core.secretBox.seal(secretPurpose, secret);
}

function changed(
  core: Core,
  actor: Actor,
  before: SsoConnectionDocument,
  change: SsoConnectionChange,
): SsoConnectionDocument {
  const domains = change.domains
    ? domainsOf(change.domains, before.domains, mayVerify(actor), core.clock.now())
    : before.domains;
  return {
    ...before,
    name: change.name ?? before.name,
    issuer: change.issuer ?? before.issuer,
    clientId: change.clientId ?? before.clientId,
    clientSecret: sealedSecret(core, before, change.clientSecret),
    scopes: [...(change.scopes ?? before.scopes)],
    mode: change.mode ?? before.mode,
    jitProvisioning: change.jitProvisioning ?? before.jitProvisioning,
    domains,
    verifiedDomains: verifiedOf(domains),
  };
}

function auditable(connection: SsoConnectionDocument): Record<string, unknown> {
  const { name, issuer, clientId, scopes, mode, jitProvisioning, domains, verifiedDomains } = connection;
  return {
    ...{ name, issuer, clientId, scopes, mode, jitProvisioning, verifiedDomains },
    domains: domains.map(({ domain }) => domain),
  };
}

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
  requireValid(core, change);
  return writeConnection(
    core,
    actor,
    id,
    'sso.updated',
    (before) => changed(core, actor, before, change),
    options,
  );
}

/** Changes a connection by a pure function of what is stored; the very same version when nothing changed. */
export async function writeConnection(
  core: Core,
  actor: Actor,
  id: string,
  action: string,
  change: (before: SsoConnectionDocument) => SsoConnectionDocument,
  options: WriteOptions,
): Promise<SsoConnectionDocument> {
  const now = core.clock.now();
  return refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      const connections = tx.tenant(actor.tenantId).collection('sso_connections');
      const before = yield* connections.get(id);
      if (!before) throw new AppError('sso_connection.not_found', 'there is no such connection');
      requireVersion(before, options.ifVersion);
      const wanted = change(before);
      const changes = changesBetween(auditable(before), auditable(wanted));
      if (changes.length === 0 && wanted.clientSecret === before.clientSecret) return before;
      const after = yield* connections.update(id, () => wanted);
      yield* touchTenant(tx, actor.tenantId);
      yield* recordEvent(tx, actor, { action, target: partyOf(before), changes }, now);
      return after ?? before;
    }),
  );
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
    const connection = yield* scope.collection('sso_connections').get(id);
    if (!connection) throw new AppError('sso_connection.not_found', 'there is no such connection');
    requireVersion(connection, options.ifVersion);
    yield* scope.collection('sso_connections').remove(id);
    yield* touchTenant(tx, actor.tenantId);
    yield* scope.collection('identities').removeMany({ connectionId: id });
    yield* recordEvent(tx, actor, { action: 'sso.deleted', target: partyOf(connection) }, now);
  });
}
