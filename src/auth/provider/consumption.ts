import type { IncomingMessage } from 'node:http';
import type { Core } from '../../identity/core.js';
import { Provider } from '../../infrastructure/oidc-provider-library.js';
import type { OidcPayloadDocument } from '../../persistence/collections/access.js';
import { payloadKey } from './payload-key.js';

/** By request: nothing outlives it. */
const arrivals = new WeakMap<IncomingMessage, Date>();

/** Notes when a request to the OpenID provider came in. */
export function noteArrival(req: IncomingMessage, now: Date): void {
  arrivals.set(req, now);
}

/**
 * Whether this token request came before the answer to the one that used the token: then an application sent both at the same moment, and
 * it is not the use of a replaced token. The last thing stored before an answer is its access token. Only for applications that prove
 * themselves by a secret: a thief of a public one's token could hide in such a race.
 */
export async function isParallelUse(core: Core, used: OidcPayloadDocument): Promise<boolean> {
  const { ctx } = Provider;
  const arrivedAt = ctx && arrivals.get(ctx.req);
  const isOpen = ctx?.oidc.route !== 'token' || ctx.oidc.client?.clientAuthMethod === 'none';
  if (!used._id.startsWith('RefreshToken:') || !used.consumedAt || !arrivedAt || isOpen) return false;
  // A signed access token is not stored; the refresh token before it is.
  const last = 'resource' in (JSON.parse(used.payload) as object) ? 'RefreshToken:' : 'AccessToken:';
  const answers = (await core.store.server.collection('oidc_payloads').find({ grantId: used.grantId }))
    .filter(({ _id }) => _id.startsWith(last))
    .map(({ createdAt }) => createdAt.getTime())
    .filter((createdAt) => createdAt >= (used.consumedAt?.getTime() ?? 0));
  return answers.length === 0 || arrivedAt.getTime() < Math.min(...answers);
}

/**
 * Whether a refresh token that was replaced is still taken: from the same application with a secret, for as long as the application was
 * registered to need it. An answer that was lost on its way then ends nothing.
 */
export function isOverlap(core: Core, used: OidcPayloadDocument): boolean {
  const client = Provider.ctx?.oidc.client;
  if (!client || !used.consumedAt || !used._id.startsWith('RefreshToken:')) return false;
  if (client.clientAuthMethod === 'none' || client.clientId !== used.clientId) return false;
  const overlapMs = Number(client['refresh_overlap_seconds'] ?? 0) * 1000;
  return core.clock.now().getTime() - used.consumedAt.getTime() < overlapMs;
}

/**
 * Marks a code or a refresh token as used: exactly one of any number of parallel requests wins. One that loses shows that the value is in
 * two hands, so the whole grant dies (RFC 9700 section 4.14.2), as it does when the second use comes later; but for the parallel
 * refreshes of {@link isParallelUse}, which are refused and no more.
 *
 * @returns whether this caller won.
 */
export async function markConsumed(core: Core, key: string): Promise<boolean> {
  const payloads = core.store.server.collection('oidc_payloads');
  const race = { won: false };
  const document = await payloads.update(key, (stored) => {
    race.won = stored.consumedAt === null;
    return race.won ? { ...stored, consumedAt: core.clock.now() } : undefined;
  });
  if (race.won || (document && isOverlap(core, document))) return true;
  if (document && (await isParallelUse(core, document))) return false;
  if (document?.grantId) {
    await payloads.removeMany({ grantId: document.grantId });
    await payloads.remove(payloadKey('Grant', document.grantId));
  }
  return false;
}
