import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readCookie, writeCookie } from '../http/cookies.js';
import type { Core } from '../identity/core.js';
import { createSecretBox, type SecretBox } from '../infrastructure/secret-box.js';
import type {
  PendingCode,
  SignInContext,
  SignInFlowDocument,
  SignInState,
} from '../persistence/collections/sign-in-flows.js';
import { hashToken, newId, newToken } from '../shared/ids.js';

/** The sign-ins under way in one browser. */
export interface SignInFlow {
  id: string;
  /** Key of this browser's form tokens. */
  csrfKey: string;
  contexts: readonly SignInContext[];
  codes: readonly PendingCode[];
  /** Keyed by the cookie's value, which is nowhere stored. */
  box: SecretBox;
}

const cookieName = 'gh_flow';
const flowSeconds = 3600;
/** The oldest of more, in number or in size, is forgotten: a browser cannot make its record grow. */
const maxAtOnce = 50;
const maxCharacters = 48_000;

/** A list with one more, without the oldest it has no room for. */
export function withNewest<T>(list: readonly T[], added: T): T[] {
  const all = [...list, added].slice(-maxAtOnce);
  while (all.length > 1 && JSON.stringify(all).length > maxCharacters) all.shift();
  return all;
}

const toFlow = (document: SignInFlowDocument, token: string): SignInFlow => ({
  id: document._id,
  csrfKey: document.csrfToken,
  contexts: document.state.contexts,
  codes: document.state.codes,
  box: createSecretBox(token),
});

const flows = (core: Core) => core.store.server.collection('sign_in_flows');

/** The flow of this browser, or undefined when it has none that lives. */
export async function findFlow(core: Core, req: IncomingMessage): Promise<SignInFlow | undefined> {
  const token = readCookie(core.config, req, cookieName);
  if (token === undefined) return undefined;
  const document = await flows(core).findOne({ tokenHash: hashToken(token) });
  return document && document.expiresAt > core.clock.now() ? toFlow(document, token) : undefined;
}

/**
 * Changes what is kept of a flow.
 *
 * @param change - pure; returns what it changes (undefined: nothing) and what it found.
 * @returns what it found; undefined when the flow is gone.
 */
export async function changeState<R = undefined>(
  core: Core,
  flowId: string,
  change: (state: SignInState) => { next: Partial<SignInState> | undefined; found?: R },
): Promise<R | undefined> {
  const expiresAt = new Date(core.clock.now().getTime() + flowSeconds * 1000);
  let found: R | undefined;
  await flows(core).update(flowId, (stored) => {
    const changed = change(stored.state);
    found = changed.found;
    return changed.next && { ...stored, expiresAt, state: { ...stored.state, ...changed.next } };
  });
  return found;
}

/** The stored state as it is now; undefined when the flow is gone. */
export const stateOf = async (core: Core, flowId: string): Promise<SignInState | undefined> =>
  (await flows(core).get(flowId))?.state;

/** Begins a flow; its cookie goes with the answer. */
export async function createFlow(
  core: Core,
  res: ServerResponse,
  contexts: readonly SignInContext[],
): Promise<SignInFlow> {
  const token = newToken('gh_flow');
  const document = await flows(core).insert({
    _id: newId(),
    tenantId: 'server',
    tokenHash: hashToken(token),
    csrfToken: randomBytes(32).toString('base64url'),
    state: { contexts: [...contexts], logins: [], choices: [], codes: [] },
    expiresAt: new Date(core.clock.now().getTime() + flowSeconds * 1000),
  });
  writeCookie(core.config, res, cookieName, token);
  return toFlow(document, token);
}
