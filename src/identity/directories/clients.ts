import type { ScimClientDocument, ScimClientSecret } from '../../persistence/collections/scim-credentials.js';
import type { AuditParty } from '../../persistence/collections/events.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { hashToken, newId, newToken } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import { changeEntity, requireEntity, type Entity } from '../audit/entity.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { requireDirectoryAuthority } from '../groups/authority.js';
import { tenantConfigStep } from '../tenants/config.js';
import type { WriteOptions } from '../versions.js';
import { clientKeyFaults, keptKeys, type ClientKeys } from './client-keys.js';

export type { ScimClientDocument } from '../../persistence/collections/scim-credentials.js';

/** Two may live at once, so that a rotation has no gap. */
const maxSecrets = 2;
const maxClients = 50;

export interface ClientInput {
  name: string;
  jwks?: ClientKeys['jwks'] | undefined;
  jwksUri?: string | null | undefined;
  /** Visible ASCII characters, unique over the server; absent: a new random one. */
  clientId?: string | undefined;
  /** Absent: a new random one, unless there are keys; null: none. */
  clientSecret?: string | null | undefined;
  /** null: never. */
  expiresAt?: Date | null | undefined;
}

/** What is absent or undefined stays. */
export type ClientChange = { [K in keyof Omit<ClientInput, 'clientId'>]?: ClientInput[K] | undefined };

const duplicates = {
  _id_: { code: 'client.id_taken', message: 'the client id is taken', pointer: '/clientId' },
} as const;

/** @throws AppError `client.not_found` unless the client is one of this directory. */
const noClient = (): AppError => new AppError('client.not_found', 'there is no such client');

const partyOf = ({ _id, name }: Pick<ScimClientDocument, '_id' | 'name'>): AuditParty => ({
  type: 'scim_client',
  id: _id,
  label: name,
});

function secretOf(secret: string, now: Date): ScimClientSecret {
  const prefix = secret.slice(0, Math.min(12, Math.floor(secret.length / 3)));
  return { id: newId(), hash: hashToken(secret), prefix, createdAt: now, lastUsedAt: null };
}

/** @throws AppError `input.invalid`. */
function requireValidClient(core: Core, client: ClientKeys & { clientId?: string | undefined }): void {
  const errors = clientKeyFaults(core, client);
  if (client.clientId !== undefined && !/^[\x21-\x39\x3b-\x7e]{1,255}$/.test(client.clientId)) {
    errors.push({
      pointer: '/clientId',
      detail: 'must be visible ASCII characters without ":", at most 255',
    });
  }
  if (errors.length > 0) throw new AppError('input.invalid', 'the client is not valid', { errors });
}

function* requireMayOpen(core: Core, tx: Transaction, actor: Actor, directoryId: string): Step<void> {
  // Moves the directory's version: two clients made at the same moment are counted one after the other.
  const directory = yield* tx
    .tenant(actor.tenantId)
    .collection('directories')
    .update(directoryId, (stored) => ({ ...stored }));
  if (!directory) throw new AppError('directory.not_found', 'there is no such directory');
  yield* requireDirectoryAuthority(tx, actor, yield* tenantConfigStep(core, tx, actor.tenantId), directory);
}

/** Applications and clients of directories share one space of client ids. */
function* requireFreeId(tx: Transaction, clientId: string): Step<void> {
  const application = yield* tx.server.collection('applications').findOne({ clientId });
  if (application) throw new AppError('client.id_taken', 'the client id is taken');
}

/**
 * Adds an OAuth client to a directory.
 *
 * @returns the secret in clear, this once; null for a client that signs with keys.
 * @throws AppError `directory.not_found`, `directory.too_many_clients`, `client.id_taken`, `role.not_grantable`, `input.invalid`.
 */
export async function createClient(
  core: Core,
  actor: Actor,
  directoryId: string,
  input: ClientInput,
): Promise<{ client: ScimClientDocument; clientSecret: string | null }> {
  const { name, clientId = newId(), jwks = null, jwksUri = null, expiresAt = null } = input;
  requireValidClient(core, { clientId, jwks, jwksUri });
  const hasKeys = jwks !== null || jwksUri !== null;
  const given = input.clientSecret ?? (hasKeys || input.clientSecret === null ? null : newToken('gh_client'));
  const now = core.clock.now();
  const secrets = given === null ? [] : [secretOf(given, now)];
  const client = await refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      yield* requireMayOpen(core, tx, actor, directoryId);
      yield* requireFreeId(tx, clientId);
      const clients = tx.tenant(actor.tenantId).collection('scim_clients');
      if ((yield* clients.count({ directoryId })) >= maxClients) {
        throw new AppError('directory.too_many_clients', `a directory has at most ${maxClients} clients`);
      }
      const { tenantId } = actor;
      const fields = { name, secrets, jwks: keptKeys(jwks), jwksUri, expiresAt, lastUsedAt: null };
      const stored = yield* clients.insert({ _id: clientId, tenantId, directoryId, ...fields });
      yield* recordEvent(tx, actor, { action: 'scim_client.created', target: partyOf(stored) }, now);
      return stored;
    }),
  );
  return { client, clientSecret: given };
}

/** A directory's clients, the oldest first; never their secrets. */
export function listClients(
  core: Core,
  tenantId: string,
  directoryId: string,
): Promise<ScimClientDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('scim_clients')
    .find({ directoryId }, { sort: { createdAt: 1 } });
}

/** @throws AppError `client.not_found`. */
export async function getClient(
  core: Core,
  tenantId: string,
  directoryId: string,
  clientId: string,
): Promise<ScimClientDocument> {
  const client = await core.store.tenant(tenantId).collection('scim_clients').get(clientId);
  if (client?.directoryId !== directoryId) throw noClient();
  return client;
}

/** The clients of one directory. */
const clientOf = (directoryId: string): Entity<'scim_clients'> => ({
  collection: 'scim_clients',
  notFound: noClient,
  isPresent: (client) => client.directoryId === directoryId,
  partyOf,
  factsOf: ({ name, jwks, jwksUri, expiresAt }) => ({
    ...{ name, jwks, jwksUri },
    expiresAt: expiresAt?.toISOString() ?? null,
  }),
});

function changed(
  before: ScimClientDocument,
  { name, clientSecret, jwks, jwksUri, expiresAt }: ClientChange,
  now: Date,
): ScimClientDocument {
  const isKnown = ({ hash }: ScimClientSecret): boolean => hash === hashToken(clientSecret ?? '');
  const secrets = clientSecret === null ? [] : [secretOf(clientSecret ?? '', now)];
  const isSame = clientSecret === undefined || (clientSecret !== null && before.secrets.some(isKnown));
  return {
    ...before,
    name: name ?? before.name,
    jwks: jwks === undefined ? before.jwks : keptKeys(jwks),
    jwksUri: jwksUri === undefined ? before.jwksUri : jwksUri,
    expiresAt: expiresAt === undefined ? before.expiresAt : expiresAt,
    secrets: isSame ? before.secrets : secrets,
  };
}

/**
 * Changes a client.
 *
 * @param change - with a `clientSecret`, as a set-up file declares it: the only one from then on.
 * @returns the client; the very same version when nothing changed.
 * @throws AppError `client.not_found`, `role.not_grantable`, `input.invalid`, `resource.version_mismatch`.
 */
export async function updateClient(
  core: Core,
  actor: Actor,
  directoryId: string,
  clientId: string,
  change: ClientChange,
  options: WriteOptions = {},
): Promise<ScimClientDocument> {
  const now = core.clock.now();
  const hasNewSecret = (before: ScimClientDocument, wanted: ScimClientDocument): boolean =>
    wanted.secrets !== before.secrets;
  return core.store.transaction((tx) =>
    changeEntity(
      clientOf(directoryId),
      { tx, actor, now, id: clientId, options },
      {
        action: (before, wanted) =>
          hasNewSecret(before, wanted) ? 'scim_client.secret_changed' : 'scim_client.updated',
        *wanted(before) {
          const wanted = changed(before, change, now);
          requireValidClient(core, { ...wanted, jwks: change.jwks ?? wanted.jwks });
          return wanted;
        },
        differs: hasNewSecret,
        before: () => requireMayOpen(core, tx, actor, directoryId),
      },
    ),
  );
}

/**
 * Deletes a client: its access tokens are dead from this moment.
 *
 * @throws AppError `client.not_found`, `resource.version_mismatch`.
 */
export async function deleteClient(
  core: Core,
  actor: Actor,
  directoryId: string,
  clientId: string,
  options: WriteOptions = {},
): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const clients = tx.tenant(actor.tenantId).collection('scim_clients');
    const client = yield* requireEntity(clientOf(directoryId), { tx, actor, id: clientId, options });
    yield* clients.remove(clientId);
    yield* recordEvent(tx, actor, { action: 'scim_client.deleted', target: partyOf(client) }, now);
  });
}

/**
 * Adds a secret to a client, beside the one it has.
 *
 * @returns the secret in clear, this once.
 * @throws AppError `client.not_found`, `client.too_many_secrets`, `role.not_grantable`.
 */
export async function addClientSecret(
  core: Core,
  actor: Actor,
  directoryId: string,
  clientId: string,
): Promise<{ id: string; clientSecret: string }> {
  const clientSecret = newToken('gh_client');
  const now = core.clock.now();
  const secret = secretOf(clientSecret, now);
  await core.store.transaction(function* (tx) {
    const clients = tx.tenant(actor.tenantId).collection('scim_clients');
    const client = yield* requireEntity(clientOf(directoryId), { tx, actor, id: clientId });
    yield* requireMayOpen(core, tx, actor, directoryId);
    yield* clients.update(clientId, (stored) => {
      if (stored.secrets.length >= maxSecrets) {
        throw new AppError(
          'client.too_many_secrets',
          `a client has at most ${maxSecrets} secrets; delete one first`,
        );
      }
      return { ...stored, secrets: [...stored.secrets, secret] };
    });
    yield* recordEvent(tx, actor, { action: 'scim_client.secret_created', target: partyOf(client) }, now);
  });
  return { id: secret.id, clientSecret };
}

/**
 * Deletes a secret: the access tokens it was shown for are dead from this moment.
 *
 * @throws AppError `client.not_found`, `secret.not_found`.
 */
export async function deleteClientSecret(
  core: Core,
  actor: Actor,
  directoryId: string,
  clientId: string,
  secretId: string,
): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const clients = tx.tenant(actor.tenantId).collection('scim_clients');
    const client = yield* requireEntity(clientOf(directoryId), { tx, actor, id: clientId });
    yield* clients.update(clientId, (stored) => {
      const secrets = stored.secrets.filter(({ id }) => id !== secretId);
      if (secrets.length === stored.secrets.length) {
        throw new AppError('secret.not_found', 'there is no such secret');
      }
      return { ...stored, secrets };
    });
    yield* recordEvent(tx, actor, { action: 'scim_client.secret_deleted', target: partyOf(client) }, now);
  });
}
