import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { bases, type TokenHolder } from '../../identity/directories/access-tokens.js';
import { findFederated } from '../../identity/directories/federation.js';
import type { Core } from '../../identity/core.js';
import type { DirectoryDocument, DirectoryFederation } from '../../persistence/collections/directories.js';
import type { ScimClientDocument } from '../../persistence/collections/scim-credentials.js';
import { hashToken } from '../../shared/ids.js';
import { findLiveClient, isUsable } from './live-client.js';
import { keysAt, KeysUnread, type KeySource } from './key-sets.js';
import { verifyByAny, type Verified } from './signatures.js';
import { invalidClient } from './token-refusal.js';

/** A client's clock may be ahead by so much. */
const toleranceSeconds = 30;
/** From when it was made, or from now, to its end. */
const maxLifeSeconds = 600;
const maxLength = 16_384;

/** An assertion as it claims to be; nothing of it is believed yet. */
interface Claimed {
  readonly token: string;
  readonly header: { alg?: string; kid?: string };
  readonly claims: JWTPayload;
}

function decode(token: string): Claimed {
  try {
    if (token.length > maxLength) throw new Error('it is too long');
    return { token, header: decodeProtectedHeader(token), claims: decodeJwt(token) };
  } catch {
    throw invalidClient('the client_assertion is not a signed JWT');
  }
}

async function verifyRemotely(
  core: Core,
  { token, header }: Claimed,
  source: KeySource,
  options: JWTVerifyOptions,
): Promise<Verified | undefined> {
  const known = await keysAt(core, source, { isRefused: false });
  const verified = await verifyByAny(token, header, known ?? [], options);
  if (verified) return verified;
  const fresh = await keysAt(core, source, { isRefused: true });
  return fresh && verifyByAny(token, header, fresh, options);
}

/** What a verification throws, in words for the client. */
function refusalOf(error: unknown): unknown {
  if (error instanceof KeysUnread) return invalidClient(error.message);
  if (error instanceof errors.JOSEError)
    return invalidClient(`the client_assertion is not valid: ${error.message}`);
  return error;
}

/** @throws TokenRefusal for an end that has passed: tolerance is for clocks that are ahead. */
function requireUnexpired({ exp = 0 }: JWTPayload, now: number): void {
  if (exp <= now) throw invalidClient('the client_assertion has expired');
}

const secondsNow = (core: Core): number => core.clock.now().getTime() / 1000;

/** RFC 7523 section 3: what must hold of an assertion that a client makes of itself. */
function requireShort(core: Core, { exp = 0, iat }: JWTPayload): void {
  const now = secondsNow(core);
  requireUnexpired({ exp }, now);
  if (iat !== undefined && iat > now + toleranceSeconds) {
    throw invalidClient('the client_assertion is of the future');
  }
  if (exp - (iat ?? now + toleranceSeconds) > maxLifeSeconds) {
    throw invalidClient(`the client_assertion lives longer than ${maxLifeSeconds} seconds`);
  }
}

async function requireFirstUse(core: Core, clientId: string, { jti, exp = 0 }: JWTPayload): Promise<void> {
  if (typeof jti !== 'string' || jti === '') throw invalidClient('the client_assertion has no jti');
  const key = `client-assertion:${hashToken(JSON.stringify([clientId, jti]))}`;
  const { count } = await core.store.increment(key, 1, new Date((exp + 1) * 1000));
  if (count > 1) throw invalidClient('the client_assertion was used before');
}

async function verifyOwn(core: Core, client: ScimClientDocument, claimed: Claimed) {
  const { baseUrl } = core.config;
  const options: JWTVerifyOptions = {
    issuer: client._id,
    subject: client._id,
    audience: [`${baseUrl}/oidc`, `${baseUrl}/oidc/token`],
    requiredClaims: ['exp', 'jti'],
    clockTolerance: toleranceSeconds,
    currentDate: core.clock.now(),
  };
  const { jwks, jwksUri } = client;
  if (jwksUri !== null) {
    const verified = await verifyRemotely(core, claimed, { jwksUri }, options);
    return verified && { payload: verified.payload, basis: bases.jwksUri(jwksUri) };
  }
  const verified = await verifyByAny(claimed.token, claimed.header, jwks?.keys ?? [], options);
  return verified && { payload: verified.payload, basis: bases.key(verified.key) };
}

/** A client that signs for itself (RFC 7523 section 2.2). */
async function byOwnKey(core: Core, clientId: string, claimed: Claimed): Promise<TokenHolder> {
  const found = await findLiveClient(core, clientId);
  if (!found) throw invalidClient('the client is not valid');
  const verified = await verifyOwn(core, found.client, claimed);
  if (!verified) throw invalidClient('none of the client’s keys signed the client_assertion');
  requireShort(core, verified.payload);
  await requireFirstUse(core, clientId, verified.payload);
  return { ...found, basis: verified.basis };
}

const audiencesOf = ({ aud }: JWTPayload): string[] => [aud ?? []].flat();

/** The one directory whose federation this assertion names. */
async function federatedDirectory(
  core: Core,
  { claims }: Claimed,
  client: ScimClientDocument | undefined,
): Promise<DirectoryDocument & { federation: DirectoryFederation }> {
  const { iss, sub } = claims;
  const named = iss === undefined || sub === undefined ? [] : await findFederated(core, iss, sub);
  const found = named.filter(
    ({ _id, federation }) =>
      federation &&
      audiencesOf(claims).includes(federation.audience) &&
      (!client || client.directoryId === _id),
  );
  if (found.length > 1) {
    throw invalidClient('several directories have this federation: name a client of one by client_id');
  }
  const [directory] = found;
  if (!directory?.federation || !(await isUsable(core, directory)))
    throw invalidClient('no directory has a federation of this issuer, subject and audience');
  return { ...directory, federation: directory.federation };
}

/** A workload of a directory's federation: its issuer speaks for it. */
async function byFederation(
  core: Core,
  clientId: string | undefined,
  claimed: Claimed,
): Promise<TokenHolder> {
  const named = clientId === undefined ? undefined : await findLiveClient(core, clientId);
  if (clientId !== undefined && !named) throw invalidClient('the client is not valid');
  const directory = await federatedDirectory(core, claimed, named?.client);
  const { issuer, subject, audience } = directory.federation;
  const options: JWTVerifyOptions = {
    ...{ issuer, subject, audience },
    requiredClaims: ['exp'],
    clockTolerance: toleranceSeconds,
    currentDate: core.clock.now(),
  };
  const verified = await verifyRemotely(core, claimed, { issuer }, options);
  if (!verified) throw invalidClient('none of the issuer’s keys signed the client_assertion');
  requireUnexpired(verified.payload, secondsNow(core));
  return { directory, client: named?.client ?? null, basis: bases.federation(directory) };
}

/**
 * Who an assertion speaks for: a client that signed it itself, or a workload that its issuer signed it for.
 *
 * @param clientId - as the request names it, if it does.
 * @throws TokenRefusal `invalid_client`.
 */
export async function authenticateAssertion(
  core: Core,
  clientId: string | undefined,
  assertion: string,
): Promise<TokenHolder> {
  const claimed = decode(assertion);
  const { iss, sub } = claimed.claims;
  const isOwn = iss !== undefined && iss === sub;
  if (isOwn && clientId !== undefined && clientId !== sub) {
    throw invalidClient('client_id is another one than the client_assertion is of');
  }
  try {
    return await (isOwn ? byOwnKey(core, sub, claimed) : byFederation(core, clientId, claimed));
  } catch (error) {
    throw refusalOf(error);
  }
}
