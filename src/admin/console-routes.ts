import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import { currentSession } from '../auth/session-guard.js';
import type { Core } from '../identity/core.js';
import { packageFolder } from '../infrastructure/package-info.js';

/** Where `npm run build` leaves the console. */
const folder = join(packageFolder, 'dist', 'console');

/** Scripts from here alone; styles from here, or made by the page's own scripts, which know the nonce. */
function guardPage(nonce: string, req: Request, res: Response): void {
  const policy = {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", `'nonce-${nonce}'`],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  };
  const guard = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: policy },
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    strictTransportSecurity: false,
  });
  guard(req, res, () => undefined);
  res.setHeader('Cache-Control', 'no-store');
  if (req.secure) res.setHeader('Strict-Transport-Security', 'max-age=31536000');
}

/** Files whose names change with their content; as the build compressed them, where a browser takes that. */
function serveAssets(assets: string): RequestHandler[] {
  const files = express.static(assets, { immutable: true, maxAge: '1y', index: false, redirect: false });
  const choose: RequestHandler = (req, res, next) => {
    res.setHeader('X-Content-Type-Options', 'nosniff');
    const { path } = req;
    if (!/^\/[\w.-]+$/.test(path) || !existsSync(join(assets, `${path}.gz`))) {
      next();
      return;
    }
    res.vary('Accept-Encoding');
    if (req.acceptsEncodings('gzip') === 'gzip') {
      res.setHeader('Content-Encoding', 'gzip');
      res.type(extname(path));
      req.url = `${path}.gz`;
    }
    next();
  };
  // A build that was replaced under a running server: nothing is there, in no encoding.
  const miss: RequestHandler = (_req, res, next) => {
    res.removeHeader('Content-Encoding');
    next();
  };
  return [choose, files, miss];
}

/**
 * `/admin`: the console, a page that talks to `/api/v1`. Its files are the same for everybody and are kept by browsers for ever; the page
 * itself is for people who are signed in, others are sent to the sign-in and come back to the same address.
 */
export function consoleRoutes(core: Core): Router {
  const router = Router();
  let page: string | undefined;
  router.use('/admin/assets', ...serveAssets(join(folder, 'assets')));
  router.get(['/admin', '/admin/*rest'], async (req, res, next) => {
    if (req.path.startsWith('/admin/assets/')) {
      next();
      return;
    }
    if (!(await currentSession(core, req))) {
      res.redirect(303, `/signin?return_to=${encodeURIComponent(req.originalUrl)}`);
      return;
    }
    const nonce = randomBytes(16).toString('base64url');
    page ??= readFileSync(join(folder, 'index.html'), 'utf8');
    guardPage(nonce, req, res);
    res.type('html').send(page.replace('%NONCE%', nonce));
  });
  return router;
}
