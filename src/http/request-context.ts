import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { newId } from '../shared/ids.js';

declare module 'node:http' {
  interface IncomingMessage {
    /** Set by {@link requestId} before anything else runs. */
    requestId?: string;
  }
}

const saneRequestId = /^[\w.:-]{1,64}$/;

/**
 * Gives every request an id: the caller's `X-Request-Id` when it is short and harmless, else a new one. It is returned in the same header
 * and stands in logs, problems, audit events and the SCIM request log.
 */
export function requestId(): RequestHandler {
  return (req, res, next) => {
    const given = req.headers['x-request-id'];
    req.requestId = typeof given === 'string' && saneRequestId.test(given) ? given : newId();
    res.setHeader('X-Request-Id', req.requestId);
    next();
  };
}

/** The id {@link requestId} gave. */
export function requestIdOf(req: IncomingMessage): string {
  return req.requestId ?? '';
}
