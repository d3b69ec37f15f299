import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Core } from '../identity/core.js';
import type { SignInContext, SignInDemand } from '../persistence/collections/sign-in-flows.js';
import { changeState, createFlow, findFlow, withNewest, type SignInFlow } from './flow-store.js';
import { countStart } from './start-limit.js';

export { findFlow, type SignInFlow } from './flow-store.js';
export type { SignInContext, SignInDemand } from '../persistence/collections/sign-in-flows.js';

const interactionPath = /^\/oidc\/interaction\/([\w-]{1,60})$/;

/** An id ends with the application's request it is for, so that the way back to it is known when all else of a sign-in is forgotten. */
function newContextId(returnTo: string): string {
  return randomBytes(9).toString('base64url') + (interactionPath.exec(returnTo)?.[1] ?? '');
}

/** The path at which an application's request continues, by the id of a sign-in that was for it; undefined when it was for none. */
export function interactionOf(contextId: unknown): string | undefined {
  const uid = typeof contextId === 'string' ? /^[\w-]{12}([\w-]{1,60})$/.exec(contextId)?.[1] : undefined;
  return uid === undefined ? undefined : `/oidc/interaction/${uid}`;
}

/** A sign-in that this browser began and we have forgotten; the application it was for still waits. */
export class SignInForgotten extends Error {
  /** Where it continues. */
  readonly path: string;

  constructor(path: string) {
    super('a sign-in was forgotten');
    this.path = path;
  }
}

export interface Entry {
  flow: SignInFlow;
  context: SignInContext;
}

/** Begins a sign-in in this browser, beside any other under way. */
export async function enterFlow(
  core: Core,
  req: IncomingMessage,
  res: ServerResponse,
  start: Omit<SignInContext, 'id'>,
): Promise<Entry> {
  const context: SignInContext = { ...start, id: newContextId(start.returnTo) };
  const flow = await findFlow(core, req);
  if (!flow) {
    await countStart(core, req, 'page');
    return { flow: await createFlow(core, res, [context]), context };
  }
  await changeState(core, flow.id, ({ contexts }) => ({
    next: { contexts: withNewest(contexts, context) },
  }));
  return { flow, context };
}

/**
 * Begins the sign-in an application waits for (an interaction of our OpenID provider).
 *
 * @param start - `returnTo` is the interaction's own path: after the sign-in the browser comes there with a live session.
 * @returns the own path to send the browser to; `login_hint` prefills the address there and never submits it.
 */
export async function startFlowForInteraction(
  core: Core,
  req: IncomingMessage,
  res: ServerResponse,
  start: {
    tenantId: string | null;
    clientId: string;
    returnTo: string;
    applicationName: string;
    loginHint?: string | undefined;
    language?: string | undefined;
    demand: SignInDemand;
  },
): Promise<string> {
  const { context } = await enterFlow(core, req, res, {
    tenantId: start.tenantId,
    clientId: start.clientId,
    returnTo: start.returnTo,
    applicationName: start.applicationName,
    email: start.loginHint?.slice(0, 320) ?? null,
    ...(start.language !== undefined && { language: start.language }),
    demand: start.demand,
  });
  return `/signin?flow=${context.id}`;
}

/** The sign-in under way with this id; undefined when this browser has none such. */
export function contextOf(flow: SignInFlow, id: unknown): SignInContext | undefined {
  return flow.contexts.find((context) => context.id === id);
}

/** Remembers the address a person typed, so that the password step need not ask again. */
export async function rememberEmail(
  core: Core,
  flow: SignInFlow,
  contextId: string,
  email: string,
): Promise<void> {
  await changeState(core, flow.id, ({ contexts }) => ({
    next: {
      contexts: contexts.map((context) => (context.id === contextId ? { ...context, email } : context)),
    },
  }));
}

/** A person who has chosen a language in this browser gets it, whatever applications have asked for. */
export async function forgetAskedLanguages(core: Core, req: IncomingMessage): Promise<void> {
  const flow = await findFlow(core, req);
  if (!flow?.contexts.some(({ language }) => language !== undefined)) return;
  await changeState(core, flow.id, ({ contexts }) => ({
    next: { contexts: contexts.map(({ language: _asked, ...context }) => context) },
  }));
}

/**
 * Where a finished sign-in may lead: a path of ours.
 *
 * @returns the path, or undefined for anything another host could be reached by (`//host`, `/\host`, a scheme).
 */
export function ownPath(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > 2000) return undefined;
  return /^\/(?![/\\])[^\\\p{Cc}\s]*$/u.test(text) ? text : undefined;
}
