import type { Request, RequestHandler, Response } from 'express';

type Method = 'password' | 'sso';
type Result = 'succeeded' | 'failed' | 'refused' | 'forwarded';

/** The answers that end a step of a sign-in, by method and path. */
const steps: Readonly<Record<string, Method>> = {
  'POST /signin': 'sso',
  'POST /signin/password': 'password',
  'POST /signin/choice': 'password',
  'POST /signin/2fa': 'password',
  'POST /signin/enrol': 'password',
};

/** Where people come back from their company's provider. */
const isReturn = ({ method, path }: Request): boolean =>
  method === 'GET' && /^\/sso\/[^/]+\/(?:callback|acs)$/.test(path);

/** An answer that a SAML provider posts: one that is accepted counts when the browser is back. */
const isPosted = ({ method, path }: Request): boolean =>
  method === 'POST' && /^\/sso\/[^/]+\/acs$/.test(path);

function resultOf(req: Request, res: Response): Result | undefined {
  const { statusCode } = res;
  if (isPosted(req)) return statusCode >= 400 ? 'failed' : undefined;
  if (statusCode === 303) {
    if (isReturn(req)) return 'succeeded';
    // Own pages are named by their path alone; what is absolute is a company's provider.
    return String(res.getHeader('Location')).startsWith('/') ? 'succeeded' : 'forwarded';
  }
  // The page of the backup codes comes with the session.
  if (req.path === '/signin/enrol' && statusCode === 200) return 'succeeded';
  if (statusCode === 403) return 'refused';
  // A 400 of a form is a slip of the pen; a provider's response that is not accepted is a failed sign-in.
  const isSlip = statusCode === 400 && !isReturn(req);
  return statusCode >= 400 && !isSlip ? 'failed' : undefined;
}

/** Counts how each sign-in went, for the metrics; steps in between and mistyped forms are none. */
export function watchSignIns(onResult: (method: Method, result: Result) => void): RequestHandler {
  return (req, res, next) => {
    const step = isReturn(req) || isPosted(req) ? 'sso' : steps[`${req.method} ${req.path}`];
    if (step !== undefined) {
      res.once('finish', () => {
        const result = resultOf(req, res);
        if (result !== undefined) onResult(result === 'forwarded' ? 'sso' : step, result);
      });
    }
    next();
  };
}
