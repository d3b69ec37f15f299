import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { newId } from '../shared/ids.js';

declare module 'node:http' {
  interface IncomingMessage {
    /** Set by {@link requestId} before anything else runs. */
    requestId?: string;
    /** Set by {@link noteCaller} once it is known. */
    caller?: RequestFacts;
  }
}

/** Whose request it is, by ids, for the log; and which address it asked for where a part of the server routes by itself. */
export interface RequestFacts {
  tenant?: string;
  directory?: string;
  /** An OAuth client of a directory. */
  client?: string;
  user?: string;
  apiKey?: string;
  operator?: string;
  application?: string;
  /** A template, never an id. */
  route?: string;
}

/** Adds fields about a request to the access log. */
export function noteCaller(req: IncomingMessage, facts: RequestFacts): void {
  req.caller = { ...req.caller, ...facts };
}

/** The caller that {@link noteCaller} recorded. */
export function callerOf(req: IncomingMessage): RequestFacts {
  return req.caller ?? {};
}

const saneRequestId = /^[\w.:-]{1,64}$/;

/**
 * Gives every request an id: the caller's `X-Request-Id` when it is short and harmless, else a new one. It is returned in the same header
 * and is in logs, problems, audit events and the SCIM request log.
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
