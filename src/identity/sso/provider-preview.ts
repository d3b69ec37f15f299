import { createGuardedFetch, type GuardedFetch } from '../../infrastructure/guarded-fetch.js';
import { readTlsFacts, type TlsFacts } from '../../infrastructure/tls-facts.js';
import { AppError } from '../../shared/errors.js';
import { service } from '../../shared/services.js';
import type { Core } from '../core.js';
import { outboundFault } from '../web-address.js';
import { presetOf, trapsOf, type Finding, type PresetKey } from './presets.js';
import { allowedAlgorithms } from './relying-party.js';
import { reasonOf } from './test-connection.js';

/** What a provider says of itself, read before a connection to it is made. */
export interface ProviderPreview {
  provider: PresetKey;
  /** As the provider names itself; null: nothing was read. */
  issuer: string | null;
  endpoints: Record<'authorization' | 'token' | 'userinfo' | 'keys' | 'endSession', string | null>;
  algorithms: string[];
  clientAuthMethods: string[];
  claims: string[];
  scopes: string[];
  keyCount: number | null;
  /** How far its clock is ahead of ours, seconds; null: it did not say. */
  clockSkewSeconds: number | null;
  tls: TlsFacts | null;
  findings: Finding[];
}

const previewsPerHour = 120;
const skewLimitSeconds = 60;

const fetchOf = service(({ config }: Core) =>
  createGuardedFetch({ allowPrivate: config.allowPrivateIssuers, timeoutMs: 5_000 }),
);

type Metadata = Readonly<Record<string, unknown>>;

const textAt = (metadata: Metadata, name: string): string | null => {
  const value = metadata[name];
  return typeof value === 'string' ? value.slice(0, 1000) : null;
};

const listAt = (metadata: Metadata, name: string): string[] => {
  const value = metadata[name];
  const texts = Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  return texts.slice(0, 100).map((text) => text.slice(0, 200));
};

async function readMetadata(
  fetch: GuardedFetch,
  issuer: string,
): Promise<{ metadata: Metadata; date: string | null }> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (response.status !== 200)
    throw new Error(`the discovery document answered with HTTP ${response.status}`);
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Error('the discovery document is not JSON');
  return { metadata: body as Metadata, date: response.headers.get('date') };
}

async function countKeys(fetch: GuardedFetch, address: string | null): Promise<number | null> {
  if (address === null || !URL.canParse(address)) return null;
  const body: unknown = await fetch(address)
    .then((response) => response.json())
    .catch(() => undefined);
  const keys = typeof body === 'object' && body !== null && 'keys' in body ? body.keys : undefined;
  return Array.isArray(keys) ? keys.length : null;
}

const fault = (detail: string): Finding => ({ level: 'fault', detail });
const warning = (detail: string): Finding => ({ level: 'warning', detail });

type Read = Omit<ProviderPreview, 'findings' | 'provider'>;

function claimFindings({ claims }: Read): Finding[] {
  if (claims.length === 0) return [];
  const wanted = ['email', 'given_name', 'groups'].filter((claim) => !claims.includes(claim));
  return wanted.map((claim) => ({
    level: 'note' as const,
    detail: `the provider does not list the claim ${claim}: it may have to be switched on there`,
  }));
}

const isNamed = (asked: string, issuer: string | null): boolean =>
  issuer !== null && URL.canParse(issuer) && new URL(issuer).href === new URL(asked).href;

function offerFindings({ algorithms, keyCount }: Read, metadata: Metadata): Finding[] {
  const found: Finding[] = [];
  if (algorithms.length > 0 && !algorithms.some((one) => allowedAlgorithms.includes(one)))
    found.push(fault('ID tokens are signed by no algorithm that is accepted: choose RS256 there'));
  const types = listAt(metadata, 'response_types_supported');
  if (types.length > 0 && !types.includes('code'))
    found.push(fault('the authorization code flow is not offered'));
  if (keyCount === 0 || keyCount === null) found.push(fault('no public keys could be read'));
  return found;
}

/** What of a provider's word does not fit, in the order in which a sign-in meets it. */
function judgePreview(asked: string, read: Read, metadata: Metadata): Finding[] {
  const { clientAuthMethods, clockSkewSeconds, endpoints, issuer } = read;
  const found: Finding[] = [];
  if (!isNamed(asked, issuer))
    found.push(fault(`the provider calls itself ${issuer ?? 'nothing'}: give that as the issuer`));
  for (const name of ['authorization', 'token', 'keys'] as const)
    if (endpoints[name] === null) found.push(fault(`the metadata have no address for: ${name}`));
  found.push(...offerFindings(read, metadata));
  if (clockSkewSeconds !== null && Math.abs(clockSkewSeconds) > skewLimitSeconds)
    found.push(warning(`its clock and ours differ by ${Math.abs(clockSkewSeconds)} seconds`));
  if (clientAuthMethods.includes('private_key_jwt'))
    found.push({ level: 'note', detail: 'it takes private_key_jwt: with a key of ours no secret expires' });
  return [...found, ...claimFindings(read)];
}

function readOf(metadata: Metadata): Omit<Read, 'keyCount' | 'clockSkewSeconds' | 'tls'> {
  return {
    issuer: textAt(metadata, 'issuer'),
    endpoints: {
      authorization: textAt(metadata, 'authorization_endpoint'),
      token: textAt(metadata, 'token_endpoint'),
      userinfo: textAt(metadata, 'userinfo_endpoint'),
      keys: textAt(metadata, 'jwks_uri'),
      endSession: textAt(metadata, 'end_session_endpoint'),
    },
    algorithms: listAt(metadata, 'id_token_signing_alg_values_supported'),
    clientAuthMethods: listAt(metadata, 'token_endpoint_auth_methods_supported'),
    claims: listAt(metadata, 'claims_supported'),
    scopes: listAt(metadata, 'scopes_supported'),
  };
}

/** @throws AppError `rate.limited`: each preview is requests to whatever public address. */
async function countPreview(core: Core, tenantId: string): Promise<void> {
  const end = new Date(core.clock.now().getTime() + 3_600_000);
  const { count } = await core.store.increment(`sso-preview:${tenantId}`, 1, end);
  if (count > previewsPerHour) throw new AppError('rate.limited', 'too many previews in an hour');
}

function requireAddress(core: Core, issuer: string): void {
  const detail = outboundFault(core, issuer);
  if (detail === undefined) return;
  throw new AppError('input.invalid', 'the issuer is not valid', {
    errors: [{ pointer: '/issuer', detail }],
  });
}

/**
 * Reads what a provider says of itself, and judges it, before a connection is made. Nothing is written.
 *
 * @param asked - `provider`: absent: found out by the issuer.
 * @throws AppError `input.invalid` for an address that may not be asked, `rate.limited`.
 */
export async function previewProvider(
  core: Core,
  tenantId: string,
  { issuer, provider: said }: { issuer: string; provider?: PresetKey | undefined },
): Promise<ProviderPreview> {
  requireAddress(core, issuer);
  await countPreview(core, tenantId);
  const provider = said ?? presetOf(issuer);
  const traps = trapsOf(provider, issuer);
  const fetch = fetchOf(core);
  try {
    const { date, metadata } = await readMetadata(fetch, issuer);
    const read = readOf(metadata);
    const at = date === null ? NaN : Date.parse(date);
    const skew = Number.isNaN(at) ? null : Math.round((at - Date.now()) / 1000);
    const [keyCount, tls] = await Promise.all([
      countKeys(fetch, read.endpoints.keys),
      readTlsFacts(issuer, { allowPrivate: core.config.allowPrivateIssuers }),
    ]);
    const whole = { ...read, keyCount, clockSkewSeconds: skew, tls };
    return { provider, ...whole, findings: [...traps, ...judgePreview(issuer, whole, metadata)] };
  } catch (error) {
    const nothing = { ...readOf({}), keyCount: null, clockSkewSeconds: null, tls: null };
    return { provider, ...nothing, findings: [...traps, fault(reasonOf(error))] };
  }
}
