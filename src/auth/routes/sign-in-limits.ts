import type { Request, RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import { countInMinute } from '../../http/limits.js';
import { addressKey, rateLimitStore } from '../../http/rate-limit-store.js';
import type { Core } from '../../identity/core.js';
import { AppError } from '../../shared/errors.js';
import { deviceOf } from '../devices.js';
import { lockText, secondsUntil } from '../refusals.js';

const windowSeconds = 60;

interface Limit {
  name: string;
  perMinute: number;
  keyOf: (req: Request) => string;
  /** Only answers of 400 and more count. */
  failuresOnly?: boolean;
  /** Only answers with these statuses count. */
  isFailure?: (status: number) => boolean;
}

function limit(core: Core, { name, perMinute, keyOf, ...counted }: Limit): RequestHandler {
  const isFailure =
    counted.isFailure ?? (counted.failuresOnly ? (status: number) => status >= 400 : undefined);
  return rateLimit({
    windowMs: windowSeconds * 1000,
    limit: perMinute,
    store: rateLimitStore(core, name, windowSeconds),
    keyGenerator: keyOf,
    skipSuccessfulRequests: isFailure !== undefined,
    requestWasSuccessful: (_req, res) => isFailure?.(res.statusCode) !== true,
    standardHeaders: false,
    legacyHeaders: false,
    // Its checks suppose that it reads the address itself, and print to the console.
    validate: false,
    handler(req, _res, next) {
      const end = (req as Request & { rateLimit?: { resetTime?: Date } }).rateLimit?.resetTime;
      const now = core.clock.now();
      const seconds = end ? secondsUntil(end, now) : windowSeconds;
      next(new AppError('rate.limited', lockText(seconds), { retryAfterSeconds: seconds }));
    },
  });
}

const byAddress = (req: Request): string => addressKey(req.ip);

/**
 * Refused posts of a client address: a company's people may all come from one, so those that go well are not counted. It slows guessing over
 * many accounts and never locks anything itself (F-14).
 */
export function signInLimits(core: Core): RequestHandler {
  return limit(core, {
    name: 'sign-in-address',
    perMinute: core.config.limits.signInPerMinutePerAddress,
    keyOf: byAddress,
    failuresOnly: true,
  });
}

/**
 * Counts a post about one account, known or not. To be called when the form is known to be this browser's own, and with the address it is
 * about. Each client address has a budget of its own, and so has each device that signed in before: a stranger cannot use up somebody's.
 *
 * @param account - the address's key, or what else stands for the account.
 * @throws AppError `rate.limited`.
 */
export async function countAccountPost(core: Core, req: Request, account: string): Promise<void> {
  const device = deviceOf(core, req).anywhere;
  const from = device === null ? `address:${byAddress(req)}` : `device:${device}`;
  const key = core.secretBox.sign('rate-limit', JSON.stringify([account, from]));
  const most = core.config.limits.signInPerMinutePerAccount;
  const over = await countInMinute(core, `sign-in-account:${key}`, most);
  if (over) throw new AppError('rate.limited', lockText(over.retryAfterSeconds), over);
}

/** How often a client address may ask for a new password: each time is a job, and may be a mail. */
export function forgotLimit(core: Core): RequestHandler {
  return limit(core, {
    name: 'forgot-address',
    perMinute: core.config.limits.forgotPerMinutePerAddress,
    keyOf: byAddress,
  });
}

/** How often a client address may ask for an account: each time is a job, and may be a user and a mail. */
export function registrationLimit(core: Core): RequestHandler {
  return limit(core, {
    name: 'register-address',
    perMinute: core.config.limits.forgotPerMinutePerAddress,
    keyOf: byAddress,
  });
}

/** How often a client address may set out for a company's provider: each start is kept, recorded, and may ask the provider for its metadata. */
export function forwardingLimit(core: Core): RequestHandler {
  return limit(core, {
    name: 'sso-start-address',
    perMinute: core.config.limits.signInPerMinutePerAddress,
    keyOf: byAddress,
  });
}

/** How often a client address may open and post set-up pages: a post may ask a provider, a name server, or send a mail. */
export function setupLimit(core: Core): RequestHandler {
  return limit(core, {
    name: 'setup-address',
    perMinute: core.config.limits.signInPerMinutePerAddress,
    keyOf: byAddress,
  });
}

/** How many bad logout tokens an address may send; good ones are not counted, since all of a company's come from one. */
export function logoutTokenLimit(core: Core): RequestHandler {
  return limit(core, {
    name: 'logout-token-address',
    perMinute: core.config.limits.failedCredentialsPerMinute,
    keyOf: byAddress,
    failuresOnly: true,
  });
}

/** How many bad answers of SAML providers an address may bring; each is parsed, and may be checked by several keys. */
export function samlAnswerLimit(core: Core): RequestHandler {
  return limit(core, {
    name: 'saml-answer-address',
    perMinute: core.config.limits.failedCredentialsPerMinute,
    keyOf: byAddress,
    failuresOnly: true,
  });
}

/** How many bad revocations an address may send; good ones are not counted, since all of a company's come from one. */
export function revocationLimit(core: Core): RequestHandler {
  return limit(core, {
    name: 'revocation-address',
    perMinute: core.config.limits.failedCredentialsPerMinute,
    keyOf: byAddress,
    isFailure: (status) => status === 400 || status === 401,
  });
}
