import { setTimeout as delay } from 'node:timers/promises';
import type { Core } from '../identity/core.js';
import { beginAttempt, findAttempt, settleAttempt } from './pending.js';
import type { SignInFlow } from './sign-in-flow.js';

/** Within this span the same form with the same content is the same click; later it is a new attempt. */
const spanMs = 3000;
const pollMs = 25;

/** The sealed outcome of an attempt another request is at work on; undefined when it failed or never came. */
async function waitForOutcome(core: Core, flow: SignInFlow, name: string): Promise<string | undefined> {
  const deadline = performance.now() + spanMs;
  while (performance.now() < deadline) {
    const attempt = await findAttempt(core, flow, name);
    if (!attempt) return undefined;
    if (attempt.outcome !== null) return attempt.outcome;
    await delay(pollMs);
  }
  return undefined;
}

/**
 * Does work once for a form that was sent twice, as a double click does, also when the two requests reach two processes: the second gets
 * the first one's outcome. The same form with another content is another attempt, so nothing can be tried for free.
 *
 * What is remembered is kept with the browser's flow, named and sealed by the value of the browser's own cookie: nobody else can tell from
 * the store what was typed, or what came of it.
 *
 * @param form - the rendered form's nonce and everything typed into it.
 * @param work - its outcome is plain JSON.
 */
export async function once<R>(
  core: Core,
  flow: SignInFlow,
  form: readonly string[],
  work: () => Promise<R>,
): Promise<R> {
  const name = flow.box.sign('attempt', JSON.stringify(form));
  const isFirst = await beginAttempt(core, flow, name, spanMs);
  const outcome = isFirst ? undefined : await waitForOutcome(core, flow, name);
  if (outcome !== undefined) return JSON.parse(flow.box.open('attempt', outcome)) as R;
  try {
    const result = await work();
    await settleAttempt(core, flow, name, flow.box.seal('attempt', JSON.stringify(result)));
    return result;
  } catch (error) {
    await settleAttempt(core, flow, name, undefined);
    throw error;
  }
}
