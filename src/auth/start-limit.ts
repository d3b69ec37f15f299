import type { IncomingMessage } from 'node:http';
import { countInMinute, type Over } from '../http/limits.js';
import { addressKey } from '../http/rate-limit-store.js';
import type { Core } from '../identity/core.js';
import { AppError } from '../shared/errors.js';
import { lockText } from './refusals.js';

/** `pushed`: a request that an application without a secret pushes, so anybody (RFC 9126). */
type Start = 'page' | 'application' | 'pushed';

function count(core: Core, req: IncomingMessage, start: Start, by: number): Promise<Over | undefined> {
  const { ip } = req as IncomingMessage & { ip?: string };
  const most = core.config.limits.signInStartsPerMinutePerAddress;
  return countInMinute(core, `sign-in-start:${start}:${addressKey(ip)}`, most, by);
}

function refuse(over: Over | undefined): void {
  if (over) throw new AppError('rate.limited', lockText(over.retryAfterSeconds), over);
}

/**
 * Counts what somebody whom nobody knows yet begins and we keep for an hour: a browser's first sign-in page, an application's request.
 * Generous, since a whole company may come from one address.
 *
 * @throws AppError `rate.limited`.
 */
export async function countStart(core: Core, req: IncomingMessage, start: Start): Promise<void> {
  refuse(await count(core, req, start, 1));
}

/** The same for what has begun already. */
export async function noteStart(core: Core, req: IncomingMessage, start: Start): Promise<void> {
  await count(core, req, start, 1);
}

/** Whether there is room for one more, before it is known whether anything begins. */
export async function requireStartsLeft(core: Core, req: IncomingMessage, start: Start): Promise<void> {
  refuse(await count(core, req, start, 0));
}
