import { randomBytes } from 'node:crypto';
import type { Core } from '../identity/core.js';
import type {
  PendingChoice,
  PendingCode,
  PendingLogin,
  SentForm,
} from '../persistence/collections/sign-in-flows.js';
import { changeState, stateOf, withNewest, type SignInFlow } from './flow-store.js';

export type { PendingCode, PendingLogin } from '../persistence/collections/sign-in-flows.js';

/** How long a person may take to pick an account. */
const choiceSeconds = 300;
/** How long a code may take to be typed, wrong ones included. */
const codeSeconds = 600;

/** Whether something that was begun then still counts. */
const isYoung = (core: Core, { startedAt }: { startedAt: number }, maxAgeSeconds: number): boolean =>
  startedAt >= core.clock.now().getTime() - maxAgeSeconds * 1000;

/** Keeps what the return from a provider will be checked against. */
export async function keepLogin(core: Core, flow: SignInFlow, login: PendingLogin): Promise<void> {
  await changeState(core, flow.id, ({ logins }) => ({ next: { logins: withNewest(logins, login) } }));
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
  const taken = await changeState(core, flow.id, ({ logins }) => {
    const found = logins.find((login) => login.state === state);
    return { found, next: found && { logins: logins.filter((login) => login !== found) } };
  });
  return taken && isYoung(core, taken, maxAgeSeconds) ? taken : undefined;
}

/** Keeps the accounts a right password opens, until the person has picked one. */
export async function keepChoice(core: Core, flow: SignInFlow, choice: PendingChoice): Promise<void> {
  await changeState(core, flow.id, ({ choices }) => ({ next: { choices: withNewest(choices, choice) } }));
}

/** Takes a kept choice out: it can be used once, and for five minutes. */
export async function takeChoice(
  core: Core,
  flow: SignInFlow,
  id: unknown,
): Promise<PendingChoice | undefined> {
  const taken = await changeState(core, flow.id, ({ choices }) => {
    const found = choices.find((choice) => choice.id === id);
    return { found, next: found && { choices: choices.filter((choice) => choice !== found) } };
  });
  return taken && isYoung(core, taken, choiceSeconds) ? taken : undefined;
}

/** Keeps what a right password has proved, until the code has come. */
export async function keepCode(
  core: Core,
  flow: SignInFlow,
  code: Omit<PendingCode, 'id' | 'startedAt'>,
): Promise<void> {
  const id = randomBytes(9).toString('base64url');
  const kept = { ...code, id, startedAt: core.clock.now().getTime() };
  await changeState(core, flow.id, ({ codes }) => ({ next: { codes: withNewest(codes, kept) } }));
}

/** The sign-in whose code is awaited in this tab; it stays through wrong ones, for ten minutes. */
export function codeOf(core: Core, flow: SignInFlow, contextId: string): PendingCode | undefined {
  return flow.codes.findLast((code) => code.contextId === contextId && isYoung(core, code, codeSeconds));
}

/** Forgets it: the code has come. */
export async function dropCode(core: Core, flow: SignInFlow, id: string): Promise<void> {
  await changeState(core, flow.id, ({ codes }) => ({
    next: { codes: codes.filter((code) => code.id !== id) },
  }));
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
  const wasSent = await changeState(core, flow.id, ({ attempts = [] }) => {
    const recent = attempts.filter((attempt) => at - attempt.at <= spanMs);
    if (recent.some((attempt) => attempt.name === name)) return { next: undefined, found: true };
    return { next: { attempts: withNewest(recent, { name, at, outcome: null }) }, found: false };
  });
  return wasSent !== true;
}

/** What became of an attempt that was begun. */
export async function findAttempt(core: Core, flow: SignInFlow, name: string): Promise<SentForm | undefined> {
  return (await stateOf(core, flow.id))?.attempts?.find((attempt) => attempt.name === name);
}

/** Keeps the sealed outcome of an attempt; undefined: it failed, and may be made again. */
export async function settleAttempt(
  core: Core,
  flow: SignInFlow,
  name: string,
  outcome: string | undefined,
): Promise<void> {
  await changeState(core, flow.id, ({ attempts = [] }) => ({
    next: {
      attempts: attempts.flatMap((attempt) => {
        if (attempt.name !== name) return [attempt];
        return outcome === undefined ? [] : [{ ...attempt, outcome }];
      }),
    },
  }));
}
