import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { Core } from '../../identity/core.js';
import { errors } from '../../infrastructure/oidc-provider-library.js';
import type { OidcPayloadDocument } from '../../persistence/collections/access.js';
import { AppError } from '../../shared/errors.js';
import { isOverlap, isParallelUse, markConsumed } from './consumption.js';
import { payloadKey } from './payload-key.js';

/** Written once and never changed but by `consume`: their ids are new random values. */
const writtenOnce = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'ReplayDetection']);

/** All applications of one provider session are authorized under the same browser session, so any of their `sid` names it. */
function sessionIdOf(payload: AdapterPayload): string | null {
  if (payload.sid !== undefined) return payload.sid;
  return Object.values(payload.authorizations ?? {}).find((one) => one.sid !== undefined)?.sid ?? null;
}

/**
 * What is kept of a payload: not the id (it is a bearer value), not `consumed` (it has a field of its own), and of an interaction not
 * the provider session it began in, whose id is a cookie's value: who is signed in is decided by our own session.
 */
function serialize(model: string, payload: AdapterPayload): string {
  const dropped = new Set(['jti', 'consumed', ...(model === 'Interaction' ? ['session'] : [])]);
  return JSON.stringify(Object.fromEntries(Object.entries(payload).filter(([key]) => !dropped.has(key))));
}

function toPayload(document: OidcPayloadDocument, id?: string): AdapterPayload {
  const payload = JSON.parse(document.payload) as AdapterPayload;
  if (id !== undefined) payload.jti = id;
  if (document.consumedAt) payload.consumed = Math.floor(document.consumedAt.getTime() / 1000);
  return payload;
}

/** A session is saved at every visit; one that says the same, and ends about when it did, is not written again. */
function isAsGood(stored: StoredFields, next: StoredFields): boolean {
  const drift = (stored.expiresAt?.getTime() ?? 0) - (next.expiresAt?.getTime() ?? 0);
  return Math.abs(drift) < 60_000 && withoutTimes(stored.payload) === withoutTimes(next.payload);
}

type StoredFields = Pick<OidcPayloadDocument, 'payload' | 'expiresAt'>;

const withoutTimes = (payload: string): string => payload.replace(/"(?:iat|exp)":\d+,?/g, '');

const isDuplicate = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'store.duplicate';

/** Of two requests with one proof at the same moment the library looked before either was noted. */
function requireReplaceable(model: string, error: unknown): void {
  if (!isDuplicate(error)) throw error;
  if (model === 'ReplayDetection') throw new errors.InvalidDpopProof('the proof was used before');
}

/**
 * The storage of one oidc-provider model over the storage port: ids hashed, ends checked on read (the sweep only tidies up), `consume`
 * atomic over all processes.
 *
 * @param model - the model's name: `Session`, `Grant`, `AccessToken`, ...
 */
export function payloadAdapter(core: Core, model: string): Adapter {
  const payloads = core.store.server.collection('oidc_payloads');
  const isAlive = (document: OidcPayloadDocument): boolean =>
    document.expiresAt === null || document.expiresAt > core.clock.now();

  const fieldsOf = (payload: AdapterPayload, expiresIn: number | undefined) => ({
    payload: serialize(model, payload),
    grantId: payload.grantId ?? null,
    uid: payload.uid ?? null,
    accountId: payload.accountId ?? null,
    clientId: payload.clientId ?? null,
    sessionId: sessionIdOf(payload),
    expiresAt: expiresIn === undefined ? null : new Date(core.clock.now().getTime() + expiresIn * 1000),
  });

  return {
    async upsert(id, payload, expiresIn) {
      const _id = payloadKey(model, id);
      const fields = fieldsOf(payload, expiresIn);
      const replace = () =>
        payloads.update(_id, (stored) => (isAsGood(stored, fields) ? undefined : { ...stored, ...fields }));
      if (!writtenOnce.has(model) && (await replace())) return;
      try {
        await payloads.insert({ _id, tenantId: 'server', consumedAt: null, ...fields });
      } catch (error) {
        requireReplaceable(model, error);
        await replace();
      }
    },

    async find(id) {
      const document = await payloads.get(payloadKey(model, id));
      if (!document || !isAlive(document)) return undefined;
      // The library ends the grant of a token it finds used; a parallel use is left to `consume`, where it loses.
      const isOpen = isOverlap(core, document) || (await isParallelUse(core, document));
      return toPayload(isOpen ? { ...document, consumedAt: null } : document, id);
    },

    async findByUid(uid) {
      const document = await payloads.findOne({ uid });
      return document && isAlive(document) ? toPayload(document) : undefined;
    },

    /** The device flow is off: there are no user codes. */
    findByUserCode: () => Promise.resolve(undefined),

    async consume(id) {
      const won = await markConsumed(core, payloadKey(model, id));
      if (!won) throw new errors.InvalidGrant('already used');
    },

    async destroy(id) {
      await payloads.remove(payloadKey(model, id));
    },

    async revokeByGrantId(grantId) {
      await payloads.removeMany({ grantId });
    },
  };
}
