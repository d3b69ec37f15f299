import type { Request, RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import { addressKey, rateLimitStore } from '../../http/rate-limit-store.js';
import type { Core } from '../../identity/core.js';
import { loginKey } from '../../identity/email-domain.js';
import { AppError } from '../../shared/errors.js';
import { lockText, secondsUntil } from '../refusals.js';

const windowSeconds = 60;

interface Limit {
  name: string;
  perMinute: number;
  keyOf: (req: Request) => string;
  applies?: (req: Request) => boolean;
  /** Only answers of 400 and more count. */
  failuresOnly?: boolean;
}

function limit(core: Core, { name, perMinute, keyOf, applies, failuresOnly = false }: Limit): RequestHandler {
  return rateLimit({
    windowMs: windowSeconds * 1000,
    limit: perMinute,
    store: rateLimitStore(core, name, windowSeconds),
    keyGenerator: keyOf,
    skip: (req) => applies?.(req) === false,
    skipSuccessfulRequests: failuresOnly,
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

function typedEmail(req: Request): string | undefined {
  const value = (req.body as Record<string, unknown> | undefined)?.['email'];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Limits of sign-in posts: refused ones per client address (a company's people may all come from one), all of them per account typed. They
 * slow guessing over many accounts and never lock anything themselves (F-14).
 */
export function signInLimits(core: Core): RequestHandler[] {
  const { signInPerMinutePerAddress, signInPerMinutePerAccount } = core.config.limits;
  return [
    limit(core, {
      name: 'sign-in-address',
      perMinute: signInPerMinutePerAddress,
      keyOf: byAddress,
      failuresOnly: true,
    }),
    limit(core, {
      name: 'sign-in-account',
      perMinute: signInPerMinutePerAccount,
      keyOf: (req) => core.secretBox.sign('rate-limit', loginKey(typedEmail(req) ?? '')),
      applies: (req) => typedEmail(req) !== undefined,
    }),
  ];
}

/** How often a client address may set out for a company's provider: each start is kept, recorded, and may ask the provider for its metadata. */
export function forwardingLimit(core: Core): RequestHandler {
  return limit(core, {
    name: 'sso-start-address',
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
