import express, { Router, type ErrorRequestHandler, type Request, type Response } from 'express';
import { toAppError } from '../../http/error-page.js';
import type { Core } from '../../identity/core.js';
import { visitorOf } from '../sessions.js';
import { acceptRevocation, type RevocationResult } from '../sso/provider-revocation.js';
import { revocationLimit } from './sign-in-limits.js';

interface Answer {
  status: number;
  error: string;
  /** Of the error; absent: the result has its own. */
  description?: string;
}

const answers: Readonly<Record<Exclude<RevocationResult['kind'], 'done'>, Answer>> = {
  connection_unknown: { status: 404, error: 'not_found', description: 'there is no such company sign-in' },
  token_missing: {
    status: 401,
    error: 'invalid_request',
    description: 'send a JWT of the provider as Authorization: Bearer',
  },
  token_refused: { status: 401, error: 'invalid_token' },
  body_invalid: { status: 400, error: 'invalid_request' },
  subject_unknown: { status: 404, error: 'subject_not_found', description: 'there is no such person here' },
  provider_away: {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'the keys of the provider could not be read; try again later',
  },
};

function send(res: Response, { status, error, description = '' }: Answer): void {
  // RFC 6750 section 3: without credentials the challenge names no error.
  if (status === 401)
    res.setHeader('WWW-Authenticate', error === 'invalid_token' ? 'Bearer error="invalid_token"' : 'Bearer');
  res.status(status).json({ error, error_description: description });
}

async function revoke(core: Core, req: Request<{ connectionId: string }>, res: Response): Promise<void> {
  const request = {
    address: req.params.connectionId,
    authorization: req.headers.authorization,
    body: req.body as unknown,
  };
  const result = await acceptRevocation(core, request, visitorOf(req));
  if (result.kind === 'provider_away') res.setHeader('Retry-After', '30');
  if (result.kind === 'done') res.status(204).end();
  else send(res, { ...answers[result.kind], ...('detail' in result && { description: result.detail }) });
}

/** The same form for what fails before the request is judged: a body that is no JSON, too many failures, a database that is away. */
const sendError =
  (core: Core): ErrorRequestHandler =>
  (error: unknown, req, res, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const { status, code, message, retryAfterSeconds } = toAppError(error, core.log, req);
    if (retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(retryAfterSeconds));
    send(res, { status, error: status === 400 ? 'invalid_request' : code, description: message });
  };

/** Where a company's provider ends a person's sessions: `POST /sso/:connectionId/revoke`. */
export function revocationRoute(core: Core): Router {
  const router = Router();
  router.post(
    '/sso/:connectionId/revoke',
    (_req, res, next) => {
      res.setHeader('Cache-Control', 'no-store');
      next();
    },
    revocationLimit(core),
    express.json({ limit: '16kb', type: ['application/json', 'application/*+json'] }),
    (req: Request<{ connectionId: string }>, res: Response) => revoke(core, req, res),
  );
  router.use('/sso/:connectionId/revoke', sendError(core));
  return router;
}
