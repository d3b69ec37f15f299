import type { Core } from '../../identity/core.js';
import { createSecretBox, SealBroken } from '../../infrastructure/secret-box.js';
import { hashToken, newToken } from '../../shared/ids.js';
import type { SamlWord } from './saml-word.js';

/** A judged answer, until the browser that brought it has shown which one it is. */
export interface KeptAnswer {
  connectionId: string;
  /** What the provider gave back of the request. */
  relayState: string;
  requestId: string;
  word: SamlWord;
}

const keptSeconds = 300;
const seal = 'saml-answer';

const keyOf = (handle: string): string => `SamlAnswer:${hashToken(handle)}`;

/**
 * Keeps a judged answer, sealed under the handle, which is nowhere stored.
 *
 * @returns the handle: good once, for five minutes.
 */
export async function keepAnswer(core: Core, answer: KeptAnswer): Promise<string> {
  const handle = newToken('gh_saml');
  const sealed = createSecretBox(handle).seal(seal, JSON.stringify(answer));
  await core.store.server.collection('oidc_payloads').insert({
    _id: keyOf(handle),
    tenantId: 'server',
    payload: JSON.stringify({ sealed }),
    grantId: null,
    uid: null,
    accountId: null,
    clientId: null,
    sessionId: null,
    consumedAt: null,
    expiresAt: new Date(core.clock.now().getTime() + keptSeconds * 1000),
  });
  return handle;
}

/** Takes a kept answer out, once. */
export async function takeAnswer(core: Core, handle: string): Promise<KeptAnswer | undefined> {
  const payloads = core.store.server.collection('oidc_payloads');
  const stored = await payloads.get(keyOf(handle));
  if (!stored || !(await payloads.remove(stored._id))) return undefined;
  if (stored.expiresAt !== null && stored.expiresAt <= core.clock.now()) return undefined;
  try {
    const { sealed } = JSON.parse(stored.payload) as { sealed: string };
    return JSON.parse(createSecretBox(handle).open(seal, sealed)) as KeptAnswer;
  } catch (error) {
    if (error instanceof SealBroken) return undefined;
    throw error;
  }
}
