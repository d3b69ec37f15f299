import { randomBytes } from 'node:crypto';
import { createGuardedFetch } from '../../infrastructure/guarded-fetch.js';
import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import type {
  HeartbeatCheck,
  HeartbeatDocument,
  HeartbeatState,
  Rhythm,
} from '../../persistence/collections/heartbeats.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { service } from '../../shared/services.js';
import type { Core } from '../core.js';
import { getPull } from '../directories/pulls.js';
import { callbackUrl, connectionAddress } from '../sso/connection-address.js';
import { providerOf } from '../sso/relying-party.js';
import { isSaml } from '../sso/saml/saml-settings.js';
import { testConnection } from '../sso/test-connection.js';
import { observe, pulseOf } from './rhythm.js';

const timeoutMs = 5000;
const watchFetch = service((core: Core) =>
  createGuardedFetch({ allowPrivate: core.config.allowPrivateIssuers, timeoutMs }),
);

/** What was found. */
export interface Look {
  state: HeartbeatState;
  checks: HeartbeatCheck[];
  rhythm?: Rhythm;
}

/** A sign-in as it begins, without a person: `prompt=none` shows no page. */
async function signInAddress(core: Core, connection: SsoConnectionDocument): Promise<URL> {
  if (isSaml(connection)) return new URL(connection.saml.idpSsoUrl ?? '');
  const { metadata } = await providerOf(core, connection);
  const url = new URL(metadata.authorization_endpoint ?? '');
  const random = (): string => randomBytes(32).toString('base64url');
  const parameters = {
    ...{ client_id: connection.clientId, response_type: 'code', scope: 'openid', prompt: 'none' },
    redirect_uri: callbackUrl(core.config.baseUrl, connectionAddress(connection)),
    ...{ state: random(), nonce: random(), code_challenge: random(), code_challenge_method: 'S256' },
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

/** Whether the provider lets a sign-in begin: it says so by sending back, or by a page. */
async function signInCheck(core: Core, connection: SsoConnectionDocument): Promise<HeartbeatCheck> {
  const name = 'sign-in';
  try {
    const url = await signInAddress(core, connection);
    const { status } = await watchFetch(core)(url, { redirect: 'manual' });
    // Without a request of SAML a provider may well say that it is a bad one.
    const ok = status < (isSaml(connection) ? 500 : 400);
    return { name, ok, detail: `the sign-in address answered with HTTP ${status}` };
  } catch {
    return { name, ok: false, detail: 'the sign-in address could not be reached' };
  }
}

/** One good certificate is enough. */
function areGood(checks: readonly HeartbeatCheck[]): boolean {
  const certificates = checks.filter(({ name }) => name === 'certificate');
  const others = checks.filter(({ name }) => name !== 'certificate');
  return others.every(({ ok }) => ok) && (certificates.length === 0 || certificates.some(({ ok }) => ok));
}

/** Does at a connection's provider what a sign-in does, as far as it goes without a person. */
export async function lookAtConnection(core: Core, connection: SsoConnectionDocument): Promise<Look> {
  if (connection.mode === 'off') return { state: 'off', checks: [] };
  const tested = await testConnection(core, connection);
  const checks = areGood(tested) ? [...tested, await signInCheck(core, connection)] : tested;
  return { state: areGood(checks) ? 'ok' : 'failing', checks };
}

/** When a directory called last: its log has a limit for the day, its credentials note their use. */
async function lastRequestAt(core: Core, { _id: directoryId, tenantId }: DirectoryDocument) {
  const scope = core.store.tenant(tenantId);
  const [request, tokens, clients] = await Promise.all([
    scope.collection('scim_requests').findOne({ directoryId }, { sort: { _id: -1 }, fields: ['at'] }),
    scope.collection('scim_tokens').find({ directoryId }, { fields: ['lastUsedAt'] }),
    scope.collection('scim_clients').find({ directoryId }, { fields: ['lastUsedAt'] }),
  ]);
  const times = [request?.at, ...[...tokens, ...clients].map(({ lastUsedAt }) => lastUsedAt)]
    .filter((at) => at instanceof Date)
    .map((at) => at.getTime());
  return times.length === 0 ? null : new Date(Math.max(...times));
}

const name = 'requests';

async function lookAtPulls(core: Core, { _id, google, tenantId }: DirectoryDocument): Promise<Look> {
  const pull = await getPull(core, tenantId, _id);
  if (!pull?.lastPullAt) return { state: 'learning', checks: [] };
  const lateAt = pull.lastPullAt.getTime() + 3 * (google?.pullMinutes ?? 0) * 60_000;
  if (pull.error !== null)
    return { state: 'failing', checks: [{ name: 'pull', ok: false, detail: pull.error }] };
  const ok = core.clock.now().getTime() <= lateAt;
  const detail = `pulled last at ${pull.lastPullAt.toISOString()}`;
  return { state: ok ? 'ok' : 'failing', checks: [{ name: 'pull', ok, detail }] };
}

/** Whether a directory calls as it used to. */
export async function lookAtDirectory(
  core: Core,
  directory: DirectoryDocument,
  before: HeartbeatDocument,
): Promise<Look> {
  if (!directory.enabled) return { state: 'off', checks: [] };
  if (directory.google) return lookAtPulls(core, directory);
  const now = core.clock.now();
  const rhythm = observe(before.rhythm ?? undefined, await lastRequestAt(core, directory), now);
  const { state } = pulseOf(rhythm, now);
  const said = rhythm.lastAt ? `the last request came at ${rhythm.lastAt.toISOString()}` : 'none came yet';
  const checks = state === 'learning' ? [] : [{ name, ok: state === 'ok', detail: said }];
  return { state, checks, rhythm };
}
