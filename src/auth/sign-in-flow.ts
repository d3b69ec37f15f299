import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readCookie, writeCookie } from '../http/cookies.js';
import type { Core } from '../identity/core.js';
import { createSecretBox, type SecretBox } from '../infrastructure/secret-box.js';
import type { SignInFlowDocument } from '../persistence/collections/access.js';
import { hashToken, newId, newToken } from '../shared/ids.js';
import { countStart } from './start-limit.js';

/** One sign-in under way: a browser may have several, one in each tab. */
export interface SignInContext {
  id: string;
  /** Only this tenant's accounts and connections count; null: those of several tenants (`sign-in-scope.ts`). */
  tenantId: string | null;
  /** The waiting application; absent: none waits. */
  clientId?: string;
  /** Own path a finished sign-in goes to: an account page, or the interaction of a waiting application. */
  returnTo: string;
  applicationName: string | null;
  /** Address to begin with; typed so far, or the application's `login_hint`. */
  email: string | null;
  /** What the waiting application asks of the proof; absent: nothing. */
  demand?: SignInDemand;
}

/** How fresh and how strong an application wants the proof of who somebody is (OpenID Connect Core section 3.1.2.1). */
export interface SignInDemand {
  /** `prompt=login`: a session somewhere does not do. */
  login: boolean;
  /** Seconds; null: any age. */
  maxAge: number | null;
  /** Of the authentication context, as the application names them; null: any. */
  acrValues: string | null;
}

/** A redirect to a company's provider that has not come back yet. */
export interface PendingLogin {
  /** The `state` parameter: what tells two tabs and two connections apart. */
  state: string;
  connectionId: string;
  /** The connection's address when the person left: they come back there and nowhere else. */
  address: string;
  /** The earliest moment at which the person may have signed in there; milliseconds since the epoch, null: any. */
  freshFrom: number | null;
  /** Whether the provider was asked (`max_age`) to say when that was. */
  isTimed: boolean;
  nonce: string;
  codeVerifier: string;
  contextId: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** A password that was right at several tenants: the person picks one. */
export interface PendingChoice {
  id: string;
  contextId: string;
  accounts: { tenantId: string; userId: string; accessStamp: string }[];
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** A right password of an account with a second factor, whose code is still to come. */
export interface PendingCode {
  id: string;
  contextId: string;
  tenantId: string;
  userId: string;
  /** As the password was judged under ({@link accessStampOf}). */
  accessStamp: string;
  /** Where the second factor is still to be set up: the sealed secret this very sign-in was offered. Absent: it stands already. */
  offered?: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** A form of this browser that was sent a moment ago. */
interface Attempt {
  /** Keyed hash of the form and what was typed. */
  name: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Sealed; null while the work is under way. */
  outcome: string | null;
}

interface FlowState {
  contexts: SignInContext[];
  logins: PendingLogin[];
  choices: PendingChoice[];
  codes: PendingCode[];
  /** Absent in a flow of an older version. */
  attempts?: Attempt[];
}

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
const mostAtOnce = 50;
const mostCharacters = 48_000;

/** A list with one more, without the oldest it has no room for. */
function withNewest<T>(list: readonly T[], added: T): T[] {
  const all = [...list, added].slice(-mostAtOnce);
  while (all.length > 1 && JSON.stringify(all).length > mostCharacters) all.shift();
  return all;
}

const stateOf = (document: SignInFlowDocument): FlowState => document.state as unknown as FlowState;

const toFlow = (document: SignInFlowDocument, token: string): SignInFlow => ({
  id: document._id,
  csrfKey: document.csrfToken,
  contexts: stateOf(document).contexts,
  codes: stateOf(document).codes,
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

async function changeState(
  core: Core,
  flowId: string,
  change: (state: FlowState) => Partial<FlowState> | undefined,
): Promise<void> {
  const expiresAt = new Date(core.clock.now().getTime() + flowSeconds * 1000);
  await flows(core).update(flowId, (stored) => {
    const changed = change(stateOf(stored));
    return changed && { ...stored, expiresAt, state: { ...stored.state, ...changed } };
  });
}

async function createFlow(
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
    state: { contexts, logins: [], choices: [], codes: [] },
    expiresAt: new Date(core.clock.now().getTime() + flowSeconds * 1000),
  });
  writeCookie(core.config, res, cookieName, token);
  return toFlow(document, token);
}

const interactionPath = /^\/oidc\/interaction\/([\w-]{1,60})$/;

/** An id ends with the application's request it is for, so that the way back to it is known when all else of a sign-in is forgotten. */
function newContextId(returnTo: string): string {
  return randomBytes(9).toString('base64url') + (interactionPath.exec(returnTo)?.[1] ?? '');
}

/** The path at which an application's request goes on, by the id of a sign-in that was for it; undefined when it was for none. */
export function interactionOf(contextId: unknown): string | undefined {
  const uid = typeof contextId === 'string' ? /^[\w-]{12}([\w-]{1,60})$/.exec(contextId)?.[1] : undefined;
  return uid === undefined ? undefined : `/oidc/interaction/${uid}`;
}

/** A sign-in that this browser began and we have forgotten; the application it was for still waits. */
export class SignInForgotten extends Error {
  /** Where it goes on. */
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
    contexts: withNewest(contexts, context),
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
    demand: SignInDemand;
  },
): Promise<string> {
  const { context } = await enterFlow(core, req, res, {
    tenantId: start.tenantId,
    clientId: start.clientId,
    returnTo: start.returnTo,
    applicationName: start.applicationName,
    email: start.loginHint?.slice(0, 320) ?? null,
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
    contexts: contexts.map((context) => (context.id === contextId ? { ...context, email } : context)),
  }));
}

/** Keeps what the return from a provider will be checked against. */
export async function keepLogin(core: Core, flow: SignInFlow, login: PendingLogin): Promise<void> {
  await changeState(core, flow.id, ({ logins }) => ({ logins: withNewest(logins, login) }));
}

/**
 * Takes out the pending login with this `state`: whoever comes second finds none, so a response counts once.
 *
 * @param maxAgeSeconds - older ones count as absent.
 */
export async function takeLogin(
  core: Core,
  flow: SignInFlow,
  state: unknown,
  maxAgeSeconds: number,
): Promise<PendingLogin | undefined> {
  let taken: PendingLogin | undefined;
  await changeState(core, flow.id, ({ logins }) => {
    taken = logins.find((login) => login.state === state);
    return taken && { logins: logins.filter((login) => login.state !== state) };
  });
  const oldest = core.clock.now().getTime() - maxAgeSeconds * 1000;
  return taken && taken.startedAt >= oldest ? taken : undefined;
}

/** Keeps the accounts a right password opens, until the person has picked one. */
export async function keepChoice(core: Core, flow: SignInFlow, choice: PendingChoice): Promise<void> {
  await changeState(core, flow.id, ({ choices }) => ({ choices: withNewest(choices, choice) }));
}

/** Takes a kept choice out: it can be used once, and for five minutes. */
export async function takeChoice(
  core: Core,
  flow: SignInFlow,
  id: unknown,
): Promise<PendingChoice | undefined> {
  let taken: PendingChoice | undefined;
  await changeState(core, flow.id, ({ choices }) => {
    taken = choices.find((choice) => choice.id === id);
    return taken && { choices: choices.filter((choice) => choice.id !== id) };
  });
  return taken && taken.startedAt >= core.clock.now().getTime() - 300_000 ? taken : undefined;
}

/** How long a code may take to be typed, wrong ones included. */
const codeMs = 600_000;

/** Keeps what a right password has proved, until the code has come. */
export async function keepCode(core: Core, flow: SignInFlow, code: PendingCode): Promise<void> {
  await changeState(core, flow.id, ({ codes }) => ({ codes: withNewest(codes, code) }));
}

/** The sign-in whose code is awaited in this tab; it stays through wrong ones, for ten minutes. */
export function codeOf(core: Core, flow: SignInFlow, contextId: string): PendingCode | undefined {
  const oldest = core.clock.now().getTime() - codeMs;
  return flow.codes.findLast((code) => code.contextId === contextId && code.startedAt >= oldest);
}

/** Forgets it: the code has come. */
export async function dropCode(core: Core, flow: SignInFlow, id: string): Promise<void> {
  await changeState(core, flow.id, ({ codes }) => ({ codes: codes.filter((code) => code.id !== id) }));
}

/**
 * Notes that a form was sent.
 *
 * @returns whether it was the first time within the span, over all processes.
 */
export async function beginAttempt(
  core: Core,
  flow: SignInFlow,
  name: string,
  spanMs: number,
): Promise<boolean> {
  const at = core.clock.now().getTime();
  const seen = { before: false };
  await changeState(core, flow.id, ({ attempts = [] }) => {
    const recent = attempts.filter((attempt) => at - attempt.at <= spanMs);
    seen.before = recent.some((attempt) => attempt.name === name);
    if (seen.before) return undefined;
    return { attempts: withNewest(recent, { name, at, outcome: null }) };
  });
  return !seen.before;
}

/** What became of an attempt that was begun. */
export async function findAttempt(core: Core, flow: SignInFlow, name: string): Promise<Attempt | undefined> {
  const document = await flows(core).get(flow.id);
  return document && stateOf(document).attempts?.find((attempt) => attempt.name === name);
}

/** Keeps the sealed outcome of an attempt; undefined: it failed, and may be made anew. */
export async function settleAttempt(
  core: Core,
  flow: SignInFlow,
  name: string,
  outcome: string | undefined,
): Promise<void> {
  await changeState(core, flow.id, ({ attempts = [] }) => ({
    attempts: attempts.flatMap((attempt) => {
      if (attempt.name !== name) return [attempt];
      return outcome === undefined ? [] : [{ ...attempt, outcome }];
    }),
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
