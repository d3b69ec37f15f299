import type { SetupLinkDocument, SetupStep } from '../../persistence/collections/setup-links.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { AppError } from '../../shared/errors.js';
import { hashToken, newToken } from '../../shared/ids.js';
import { isSameSecret } from '../../shared/same-secret.js';
import type { Core } from '../core.js';
import { createToken, revokeToken } from '../directories/tokens.js';
import { parseEmail } from '../email.js';
import { wakeJobs } from '../jobs/queue.js';
import { sealClientSecret } from '../sso/client-credentials.js';
import { getConnection, updateConnection, type SsoConnectionChange } from '../sso/connections.js';
import { verifyDomain } from '../sso/domain-verification.js';
import { isSaml } from '../sso/saml/saml-settings.js';
import { testConnection, type ConnectionCheck } from '../sso/test-connection.js';
import { requireStep, type SetupHolder } from './holder.js';
import { insertLink, setupUrl } from './links.js';
import { mailTest } from './mails.js';

const mailsPerHour = 5;
const hourMs = 3_600_000;
/** Links for colleagues from one link. */
const maxColleagues = 10;
/** Domains of a connection, as over the API. */
const maxDomains = 200;

const fault = (pointer: string, detail: string): AppError =>
  new AppError('input.invalid', detail, { errors: [{ pointer, detail }] });

function note(core: Core, { root }: SetupHolder, done: Partial<SetupLinkDocument>): Promise<unknown> {
  return core.store
    .tenant(root.tenantId)
    .collection('setup_links')
    .update(root._id, (stored) => ({ ...stored, ...done }));
}

async function connectionOf(core: Core, { link }: SetupHolder): Promise<SsoConnectionDocument> {
  return getConnection(core, link.tenantId, link.connectionId ?? '');
}

/** What the company's IT found at its provider; which of it is taken is the link's purpose. */
export interface ProviderInput {
  issuer?: string | undefined;
  clientId?: string | undefined;
  clientSecret?: string | undefined;
  /** XML, or where it is. */
  metadata?: string | undefined;
  /** PEM. */
  certificate?: string | undefined;
}

function required(value: string | undefined, pointer: string): string {
  if (value === undefined || value === '') throw fault(pointer, 'is needed');
  return value;
}

/**
 * @returns what was tried.
 * @throws AppError `input.invalid` when the provider does not take the new secret: the one that is used stays.
 */
async function requireGoodSecret(
  core: Core,
  connection: SsoConnectionDocument,
  clientSecret: string,
): Promise<ConnectionCheck[]> {
  const checks = await testConnection(core, {
    ...connection,
    clientSecret: sealClientSecret(core, clientSecret),
    previousSecret: null,
  });
  const failed = checks.find(({ ok }) => !ok);
  if (failed) throw fault('/clientSecret', `was not stored, as the test failed: ${failed.detail}`);
  return checks;
}

/** A change of a connection, with what was tried of it already. */
interface TriedChange {
  change: SsoConnectionChange;
  checks?: ConnectionCheck[];
}

async function renewal(
  core: Core,
  connection: SsoConnectionDocument,
  input: ProviderInput,
): Promise<TriedChange> {
  if (isSaml(connection)) {
    const idpCertificates = [...connection.saml.idpCertificates, required(input.certificate, '/certificate')];
    return { change: { idpCertificates } };
  }
  const clientSecret = required(input.clientSecret, '/clientSecret');
  const checks = await requireGoodSecret(core, connection, clientSecret);
  return { change: { clientSecret }, checks };
}

function setUp(connection: SsoConnectionDocument, input: ProviderInput): SsoConnectionChange {
  if (connection.mode !== 'off')
    throw new AppError(
      'setup_link.live',
      'The connection is in use by now. Ask your contact for a link to renew it.',
    );
  if (!isSaml(connection))
    return {
      issuer: required(input.issuer, '/issuer'),
      clientId: required(input.clientId, '/clientId'),
      clientSecret: required(input.clientSecret, '/clientSecret'),
    };
  const metadata = required(input.metadata, '/metadata').trim();
  return /^https?:/.test(metadata) ? { idpMetadataUrl: metadata } : { idpMetadata: metadata };
}

/**
 * Stores what the company's IT says of its provider, and tries it.
 *
 * @returns what was tried; all of it holds: the step is done.
 * @throws AppError `auth.forbidden`, `setup_link.live`, `input.invalid`.
 */
export async function setUpProvider(
  core: Core,
  holder: SetupHolder,
  input: ProviderInput,
): Promise<ConnectionCheck[]> {
  requireStep(holder, 'provider');
  const { actor, link } = holder;
  const before = await connectionOf(core, holder);
  const wanted: TriedChange =
    link.purpose === 'renewal' ? await renewal(core, before, input) : { change: setUp(before, input) };
  const ifVersion = before.version;
  const connection = await updateConnection(core, actor, before._id, wanted.change, { ifVersion });
  const checks = wanted.checks ?? (await testConnection(core, connection));
  const isDone = checks.every(({ ok }) => ok);
  await note(core, holder, { providerDoneAt: isDone ? core.clock.now() : null });
  return checks;
}

/**
 * Names one more domain, which is to be proven.
 *
 * @throws AppError `auth.forbidden`, `input.invalid`.
 */
export async function addSetupDomain(core: Core, holder: SetupHolder, domain: string): Promise<void> {
  requireStep(holder, 'dns');
  const { domains, _id, version } = await connectionOf(core, holder);
  if (domains.length >= maxDomains) throw fault('/newDomain', `at most ${maxDomains} domains`);
  const wanted = [...domains.map((entry) => ({ domain: entry.domain })), { domain }];
  await updateConnection(core, holder.actor, _id, { domains: wanted }, { ifVersion: version });
}

/**
 * Looks for the record of a domain.
 *
 * @throws AppError `auth.forbidden`, and what `verifyDomain` throws.
 */
export async function verifySetupDomain(
  core: Core,
  holder: SetupHolder,
  domain: string,
  lookup: Parameters<typeof verifyDomain>[4],
): Promise<void> {
  requireStep(holder, 'dns');
  await verifyDomain(core, holder.actor, holder.link.connectionId ?? '', domain, lookup);
}

/**
 * Makes the bearer token for the company's provider; the one the link made before ends.
 *
 * @returns the token, this once.
 * @throws AppError `auth.forbidden`, `role.not_grantable`, `directory.too_many_tokens`.
 */
export async function makeSetupToken(core: Core, holder: SetupHolder): Promise<string> {
  requireStep(holder, 'provider');
  const { actor, link, root } = holder;
  const directoryId = link.directoryId;
  if (directoryId === null) throw new AppError('auth.forbidden', 'This link is for other steps.');
  if (root.tokenId !== null) {
    await revokeToken(core, actor, directoryId, root.tokenId).catch((error: unknown) => {
      if (!(error instanceof AppError && error.code === 'token.not_found')) throw error;
    });
  }
  const { document, token } = await createToken(core, actor, directoryId, { name: link.name });
  await note(core, holder, { tokenId: document._id });
  return token;
}

/**
 * Sends a mail to somebody at the company, whose link says that it arrived.
 *
 * @param to - an address of a domain of the connection.
 * @throws AppError `auth.forbidden`, `input.invalid`, `rate.limited`.
 */
export async function sendSetupMail(core: Core, holder: SetupHolder, to: string): Promise<void> {
  requireStep(holder, 'mail');
  const { config, link, root } = holder;
  const address = parseEmail(to);
  if (!address) throw fault('/to', 'must be a valid email address');
  const { domains } = await connectionOf(core, holder);
  if (!domains.some(({ domain }) => domain === address.domain))
    throw fault('/to', 'must be of a domain that is named here');
  const now = core.clock.now();
  const { count } = await core.store.increment(`setup-mail:${root._id}`, 1, new Date(now.getTime() + hourMs));
  if (count > mailsPerHour) throw new AppError('rate.limited', `At most ${mailsPerHour} mails in an hour.`);
  const token = newToken('gh_stm');
  await core.store.transaction(function* (tx) {
    yield* mailTest(core, tx, config, {
      link,
      to: address.address,
      url: `${core.config.baseUrl}/setup/mail/${root._id}/${token}`,
    });
    yield* tx
      .tenant(root.tenantId)
      .collection('setup_links')
      .update(root._id, (stored) => ({ ...stored, mailHash: hashToken(token) }));
  });
  wakeJobs(core);
}

/** Notes that the test mail arrived, as its link was followed. @returns whether it was that mail's link. */
export async function confirmSetupMail(core: Core, id: string, token: string): Promise<boolean> {
  const link = await core.store.server.collection('setup_links').findOne({ _id: id });
  if (!link?.mailHash || !isSameSecret(link.mailHash, hashToken(token))) return false;
  const now = core.clock.now();
  await core.store
    .tenant(link.tenantId)
    .collection('setup_links')
    .update(link._id, (stored) => ({ ...stored, mailArrivedAt: stored.mailArrivedAt ?? now }));
  return true;
}

/**
 * Makes a link for a colleague, for some of the steps of one's own, that ends no later.
 *
 * @returns the address, this once.
 * @throws AppError `auth.forbidden`, `input.invalid`, `setup_link.too_many`.
 */
export async function handOn(
  core: Core,
  holder: SetupHolder,
  { email, name, step }: { email: string; name: string; step: SetupStep },
): Promise<string> {
  requireStep(holder, step);
  const { actor, link, root } = holder;
  const address = email === '' ? null : parseEmail(email);
  if (address === undefined) throw fault('/email', 'must be a valid email address');
  const { token } = await core.store.transaction(function* (tx) {
    const links = tx.tenant(root.tenantId).collection('setup_links');
    // Moves the version of the first link: two made at the same moment are counted one after the other.
    yield* links.update(root._id, (stored) => ({ ...stored }));
    if ((yield* links.find({ parentId: root._id })).length >= maxColleagues)
      throw new AppError('setup_link.too_many', `At most ${maxColleagues} links for colleagues.`);
    const { connectionId, directoryId, expiresAt, provider, purpose } = link;
    return yield* insertLink(core, tx, actor, {
      ...{ name, purpose, provider, connectionId, directoryId, expiresAt, message: '' },
      ...{ steps: [step], parentId: root._id, email: address?.address ?? null, maker: root.maker },
    });
  });
  wakeJobs(core);
  return setupUrl(core, token);
}
