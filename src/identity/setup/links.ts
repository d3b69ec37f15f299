import type {
  SetupLinkDocument,
  SetupPurpose,
  SetupProvider,
  SetupStep,
} from '../../persistence/collections/setup-links.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { hashToken, newId, newToken } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import { requireEntity, type Entity } from '../audit/entity.js';
import type { Actor, Core } from '../core.js';
import { createDirectory, getDirectory } from '../directories/directories.js';
import { parseEmail } from '../email.js';
import { requireDirectoryAuthority } from '../groups/authority.js';
import { wakeJobs } from '../jobs/queue.js';
import { requirePermission } from '../permissions.js';
import { createConnection, getConnection } from '../sso/connections.js';
import { tenantConfigStep } from '../tenants/config.js';
import type { WriteOptions } from '../versions.js';
import { mailLink } from './mails.js';

export { setupProviders, setupPurposes, setupSteps } from '../../persistence/collections/setup-links.js';
export type {
  SetupLinkDocument,
  SetupPurpose,
  SetupStep,
} from '../../persistence/collections/setup-links.js';

/** What an administrator says of a new link. */
export interface SetupLinkInput {
  /** For whom it is; also the name of a connection or directory that is made with it. */
  name: string;
  purpose: SetupPurpose;
  provider: SetupProvider;
  /** Of the purposes `domains` and `renewal`, which need it. Absent for `oidc` and `saml`: a new connection, off. */
  connectionId?: string | undefined;
  /** Absent for `scim`: a new directory. */
  directoryId?: string | undefined;
  /** Named for the new connection; proven by the link's holder. */
  domains?: readonly string[] | undefined;
  email: string | null;
  message: string;
  /** 1 hour to 30 days. */
  lifeSeconds: number;
}

const dayMs = 86_400_000;
/** For how long one that is over is still listed. */
const rememberedMs = 90 * dayMs;
/** Open ones of a tenant. */
const maxOpen = 200;
const tokenPrefix = 'gh_set';

const stepsOf: Readonly<Record<SetupPurpose, readonly SetupStep[]>> = {
  oidc: ['provider', 'dns', 'mail'],
  saml: ['provider', 'dns', 'mail'],
  scim: ['provider'],
  domains: ['dns'],
  renewal: ['provider'],
};

export const partyOf = ({ _id, name }: Pick<SetupLinkDocument, '_id' | 'name'>) => ({
  type: 'setup_link' as const,
  id: _id,
  label: name,
});

const setupLink: Entity<'setup_links'> = {
  collection: 'setup_links',
  notFound: () => new AppError('setup_link.not_found', 'there is no such link'),
  partyOf,
  factsOf: () => ({}),
};

export const isOpen = ({ expiresAt, revokedAt }: SetupLinkDocument, now: Date): boolean =>
  revokedAt === null && expiresAt > now;

/** The address that is handed to the company's IT. */
export const setupUrl = (core: Core, token: string): string => `${core.config.baseUrl}/setup/${token}`;

const fault = (pointer: string, detail: string): AppError =>
  new AppError('input.invalid', detail, { errors: [{ pointer, detail }] });

type Target = Pick<SetupLinkDocument, 'connectionId' | 'directoryId'>;

/** The connection a link is about: an existing one, or a new one that is off. */
async function connectionFor(core: Core, actor: Actor, input: SetupLinkInput): Promise<string> {
  const { connectionId, domains = [], name, purpose } = input;
  if (connectionId === undefined) {
    if (purpose === 'domains' || purpose === 'renewal') throw fault('/connectionId', 'is needed');
    const draft = {
      name,
      protocol: purpose as 'oidc' | 'saml',
      domains: domains.map((domain) => ({ domain })),
    };
    return (await createConnection(core, actor, draft, { isDraft: true }))._id;
  }
  if (domains.length > 0) throw fault('/domains', 'are those of the connection');
  const { mode, protocol = 'oidc' } = await getConnection(core, actor.tenantId, connectionId);
  if (purpose === 'oidc' || purpose === 'saml') {
    if (protocol !== purpose) throw fault('/connectionId', `is no connection by ${purpose}`);
    if (mode !== 'off') throw fault('/connectionId', 'is in use: only a renewal may change it');
  }
  return connectionId;
}

async function targetOf(core: Core, actor: Actor, input: SetupLinkInput): Promise<Target> {
  const { directoryId, name, purpose } = input;
  if (purpose !== 'scim') {
    if (directoryId !== undefined) throw fault('/directoryId', 'is of the purpose scim');
    return { connectionId: await connectionFor(core, actor, input), directoryId: null };
  }
  requirePermission(actor, 'scim.manage');
  if (input.connectionId !== undefined) throw fault('/connectionId', 'is of the other purposes');
  const directory =
    directoryId === undefined
      ? await createDirectory(core, actor, { name })
      : await getDirectory(core, actor.tenantId, directoryId);
  if (directory.google)
    throw fault('/directoryId', 'is a directory that is read from here: it takes no token');
  return { connectionId: null, directoryId: directory._id };
}

function* requireRoom(tx: Transaction, tenantId: string, now: Date): Step<void> {
  const links = yield* tx
    .tenant(tenantId)
    .collection('setup_links')
    .find({ expiresAt: { $gt: now } });
  if (links.filter((link) => isOpen(link, now)).length < maxOpen) return;
  throw new AppError('setup_link.too_many', `at most ${maxOpen} links may be open: revoke some first`);
}

/** Stores a link and mails it, where an address is given. */
export function* insertLink(
  core: Core,
  tx: Transaction,
  actor: Actor,
  fields: Pick<
    SetupLinkDocument,
    'name' | 'purpose' | 'provider' | 'steps' | 'email' | 'parentId' | 'maker' | 'expiresAt'
  > &
    Target & { message: string },
): Step<{ link: SetupLinkDocument; token: string }> {
  const now = core.clock.now();
  const { message, ...stored } = fields;
  const token = newToken(tokenPrefix);
  yield* requireRoom(tx, actor.tenantId, now);
  const link = yield* tx
    .tenant(actor.tenantId)
    .collection('setup_links')
    .insert({
      ...stored,
      ...{ _id: newId(), tenantId: actor.tenantId, tokenHash: hashToken(token) },
      ...{ revokedAt: null, lastUsedAt: null, providerDoneAt: null, tokenId: null },
      ...{ mailHash: null, mailArrivedAt: null },
      purgeAt: new Date(stored.expiresAt.getTime() + rememberedMs),
    });
  const changes = [
    { path: 'purpose', before: null, after: link.purpose },
    { path: 'steps', before: null, after: link.steps },
    { path: 'email', before: null, after: link.email },
  ];
  yield* recordEvent(tx, actor, { action: 'setup_link.created', target: partyOf(link), changes }, now);
  const config = yield* tenantConfigStep(core, tx, actor.tenantId);
  if (link.email !== null)
    yield* mailLink(core, tx, config, {
      link,
      url: setupUrl(core, token),
      message,
      sender: actor.party.label,
    });
  return { link, token };
}

function addressOf(text: string | null): string | null {
  if (text === null) return null;
  const email = parseEmail(text);
  if (!email) throw fault('/email', 'must be a valid email address');
  return email.address;
}

/**
 * Makes a link by which a company's IT sets up one connection, directory or domain, without an account.
 *
 * @returns the token of its address, this once.
 * @throws AppError `auth.forbidden`, `role.not_grantable`, `sso_connection.not_found`, `directory.not_found`, `setup_link.too_many`,
 *   `input.invalid`, and what making a connection or directory throws.
 */
export async function createSetupLink(
  core: Core,
  actor: Actor,
  input: SetupLinkInput,
): Promise<{ link: SetupLinkDocument; token: string }> {
  const email = addressOf(input.email);
  // Before anything is made for the link.
  await core.store.transaction((tx) => requireRoom(tx, actor.tenantId, core.clock.now()));
  const target = await targetOf(core, actor, input);
  const { message, name, provider, purpose } = input;
  const made = await core.store.transaction(function* (tx) {
    if (target.directoryId !== null) {
      const directory = yield* tx.tenant(actor.tenantId).collection('directories').get(target.directoryId);
      if (!directory) throw new AppError('directory.not_found', 'there is no such directory');
      yield* requireDirectoryAuthority(
        tx,
        actor,
        yield* tenantConfigStep(core, tx, actor.tenantId),
        directory,
      );
    }
    const expiresAt = new Date(core.clock.now().getTime() + input.lifeSeconds * 1000);
    return yield* insertLink(core, tx, actor, {
      ...{ name, purpose, provider, email, message, expiresAt },
      ...{ ...target, parentId: null, steps: [...stepsOf[purpose]], maker: actor.party },
    });
  });
  wakeJobs(core);
  return made;
}

/** All links of a tenant, the newest first: those that are over for 90 days. */
export async function listSetupLinks(core: Core, tenantId: string): Promise<SetupLinkDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('setup_links')
    .find({}, { sort: { _id: -1 } });
}

/** @throws AppError `setup_link.not_found`. */
export async function getSetupLink(core: Core, tenantId: string, id: string): Promise<SetupLinkDocument> {
  const link = await core.store.tenant(tenantId).collection('setup_links').get(id);
  if (!link) throw setupLink.notFound();
  return link;
}

/**
 * Ends a link, and those that its holder made for colleagues. Ending it twice changes nothing.
 *
 * @throws AppError `setup_link.not_found`, `resource.version_mismatch`.
 */
export function revokeSetupLink(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<SetupLinkDocument> {
  const now = core.clock.now();
  return core.store.transaction(function* (tx) {
    const links = tx.tenant(actor.tenantId).collection('setup_links');
    const link = yield* requireEntity(setupLink, { tx, actor, id, options });
    if (link.revokedAt !== null) return link;
    for (const child of yield* links.find({ parentId: id }))
      yield* links.update(child._id, (stored) => ({ ...stored, revokedAt: stored.revokedAt ?? now }));
    yield* recordEvent(tx, actor, { action: 'setup_link.revoked', target: partyOf(link) }, now);
    return (yield* links.update(id, (stored) => ({ ...stored, revokedAt: now }))) ?? link;
  });
}
