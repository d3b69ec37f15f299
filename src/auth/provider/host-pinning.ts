import type { RequestHandler } from 'express';

/**
 * Makes every absolute link of the OpenID provider start with `BASE_URL`. The library builds its addresses from the request (`Host`,
 * `X-Forwarded-Host`, `X-Forwarded-Proto`), which any client can set: a poisoned discovery document would send tokens elsewhere.
 */
export function pinHost(baseUrl: string): RequestHandler {
  const { host, protocol } = new URL(baseUrl);
  return (req, _res, next) => {
    req.headers.host = host;
    req.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    delete req.headers['x-forwarded-host'];
    delete req.headers.forwarded;
    next();
  };
}
