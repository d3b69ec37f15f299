import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * Headers of server-rendered pages: script, styles and images from here alone, nothing inline, no framing, nothing cached, no address handed on.
 * Pages work without their script.
 *
 * `form-action` is left open on purpose: Chromium applies it to the redirects after a post as well, and a sign-in ends at the company's
 * provider or at the application.
 */
export function pageHeaders(): RequestHandler {
  const guard = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    crossOriginEmbedderPolicy: false,
    strictTransportSecurity: false,
  });
  return (req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    // For this host alone, and only where it was reached by https: what else its domain serves is not ours to say.
    if (req.secure) res.setHeader('Strict-Transport-Security', 'max-age=31536000');
    guard(req, res, next);
  };
}
