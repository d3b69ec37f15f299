import { createHmac, randomBytes } from 'node:crypto';
import type { Core } from '../identity/core.js';

/** Within this span the same form with the same content is the same click; later it is a new attempt. */
const spanMs = 3000;

interface Remembered {
  at: number;
  outcome: Promise<unknown>;
}

interface Memory {
  /** Of this process alone: what was typed is never stored in a form that outlives it. */
  key: Buffer;
  attempts: Map<string, Remembered>;
}

const memories = new WeakMap<Core, Memory>();

function memoryOf(core: Core): Memory {
  const memory = memories.get(core) ?? { key: randomBytes(32), attempts: new Map<string, Remembered>() };
  memories.set(core, memory);
  return memory;
}

function forgetOld(attempts: Map<string, Remembered>, now: number): void {
  // A Map keeps the order of insertion: the oldest come first.
  for (const [key, { at }] of attempts) {
    if (now - at <= spanMs) return;
    attempts.delete(key);
  }
}

/**
 * Does work once for a form that was sent twice, as a double click does: the second request gets the first one's outcome. The same form with
 * another content is another attempt, so nothing can be tried for free.
 *
 * @param form - the rendered form's nonce and everything typed into it.
 */
export function once<R>(core: Core, form: readonly string[], work: () => Promise<R>): Promise<R> {
  const { key, attempts } = memoryOf(core);
  const now = core.clock.now().getTime();
  forgetOld(attempts, now);
  const name = createHmac('sha256', key).update(JSON.stringify(form)).digest('base64url');
  const known = attempts.get(name);
  if (known && now - known.at <= spanMs) return known.outcome as Promise<R>;
  const outcome = work();
  attempts.set(name, { at: now, outcome });
  outcome.catch(() => attempts.delete(name));
  return outcome;
}
