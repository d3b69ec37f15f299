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
  applies: (req: Request) => boolean;
}

function limit(core: Core, { name, perMinute, keyOf, applies }: Limit): RequestHandler {
  return rateLimit({
    windowMs: windowSeconds * 1000,
    limit: perMinute,
    store: rateLimitStore(core, name, windowSeconds),
    keyGenerator: keyOf,
    skip: (req) => !applies(req),
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

function typedEmail(req: Request): string | undefined {
  const value = (req.body as Record<string, unknown> | undefined)?.['email'];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Limits of sign-in posts, per client address and per account address typed. They slow guessing over many accounts and never lock anything
 * themselves (F-14).
 */
export function signInLimits(core: Core): RequestHandler[] {
  const { signInPerMinutePerAddress, signInPerMinutePerAccount } = core.config.limits;
  return [
    limit(core, {
      name: 'sign-in-address',
      perMinute: signInPerMinutePerAddress,
      keyOf: (req) => addressKey(req.ip),
      applies: () => true,
    }),
    limit(core, {
      name: 'sign-in-account',
      perMinute: signInPerMinutePerAccount,
      keyOf: (req) => core.secretBox.sign('rate-limit', loginKey(typedEmail(req) ?? '')),
      applies: (req) => typedEmail(req) !== undefined,
    }),
  ];
}
