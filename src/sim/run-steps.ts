import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../shared/clock.js';
import type { Narrator } from './narrator.js';
import { sendScim, type ScimTarget } from './scim-client.js';
import { bodyOf, faultsOf, fill, isDue, remember, type Memory, type Step } from './step.js';

/** An answer was not the expected one, and the run has the option `--assert`. */
export class UnexpectedAnswer extends Error {
  constructor(what: string, faults: readonly string[]) {
    super(`${what}: ${faults.join('; ')}`);
    this.name = 'UnexpectedAnswer';
  }
}

/** How a run behaves. */
export interface RunOptions {
  clock: Clock;
  narrator: Narrator;
  /** Stop at the first unexpected answer. */
  assert: boolean;
  /** Pause before each request, milliseconds. */
  pauseMs: number;
}

/** A simulated identity provider with everything it needs to push. */
export interface Pusher {
  target: ScimTarget;
  /** Headers of every request of this provider; `content-type` is sent with a body only. */
  headers: Readonly<Record<string, string>>;
  memory: Memory;
}

function headersOf(pusher: Pusher, step: Step, hasBody: boolean): Record<string, string> {
  const headers = Object.entries({ ...pusher.headers, ...step.headers });
  return Object.fromEntries(headers.filter(([name]) => hasBody || name !== 'content-type'));
}

async function runStep(pusher: Pusher, step: Step, options: RunOptions): Promise<number> {
  const path = String(fill(step.path, pusher.memory));
  const body = bodyOf(step, pusher.memory);
  const at = options.clock.now();
  const headers = headersOf(pusher, step, body !== undefined);
  const answer = await sendScim(pusher.target, { method: step.method, path, headers, body });
  const faults = faultsOf(step, answer, pusher.memory);
  const what = `${step.method} ${path}`;
  options.narrator.event({
    at,
    what,
    status: answer.status,
    ms: answer.ms,
    note: step.note,
    expected: step.expect.status.join(' or '),
    faults,
  });
  if (faults.length === 0) remember(step, answer, pusher.memory);
  else if (options.assert) throw new UnexpectedAnswer(what, faults);
  return faults.length;
}

/**
 * Sends the steps in order, leaving out those that are not due.
 *
 * @returns how many answers were not as expected.
 * @throws UnexpectedAnswer with `--assert`; ServerAway; UnknownPlaceholder after an earlier fault.
 */
export async function runSteps(pusher: Pusher, steps: readonly Step[], options: RunOptions): Promise<number> {
  let faults = 0;
  for (const step of steps) {
    if (!isDue(step, pusher.memory)) continue;
    if (options.pauseMs > 0) await sleep(options.pauseMs);
    faults += await runStep(pusher, step, options);
  }
  return faults;
}
