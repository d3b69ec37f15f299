import { createHmac, randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';
import { AppError } from '../shared/errors.js';
import { isSameSecret } from '../shared/same-secret.js';

/** What a genuine form token says. */
export interface FormToken {
  /** One per rendered form: two posts with the same one are a double click. */
  nonce: string;
  /** What the form was rendered for, e.g. which of several sign-ins under way; may be empty. */
  subject: string;
}

const macOf = (key: string, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url');

/**
 * A token for one rendered form, bound to the browser by `key`.
 *
 * @param key - a secret only the browser's own session or flow has; not the cookie itself.
 * @param subject - letters, digits, `-` and `_` only.
 */
export function makeFormToken(key: string, subject = ''): string {
  const text = `${randomBytes(12).toString('base64url')}.${subject}`;
  return `${text}.${macOf(key, text)}`;
}

/** @returns what the token says, or undefined when it was not made with this key. */
export function readFormToken(key: string, token: unknown): FormToken | undefined {
  if (typeof token !== 'string' || token.length > 512) return undefined;
  const [nonce = '', subject = '', mac = '', ...rest] = token.split('.');
  if (rest.length > 0) return undefined;
  if (!isSameSecret(macOf(key, `${nonce}.${subject}`), mac)) return undefined;
  return { nonce, subject };
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses posts that a browser says come from another site (Fetch Metadata), whatever token they carry.
 *
 * @throws AppError `csrf.invalid`
 */
export function refuseCrossSite(): RequestHandler {
  return (req, _res, next) => {
    if (!safeMethods.has(req.method) && req.get('sec-fetch-site') === 'cross-site') {
      next(new AppError('csrf.invalid', 'This form was sent from another site.'));
      return;
    }
    next();
  };
}
