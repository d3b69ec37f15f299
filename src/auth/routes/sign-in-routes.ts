import { Router, urlencoded, type Request, type Response } from 'express';
import { refuseCrossSite } from '../../http/csrf.js';
import { pageHeaders } from '../../http/security-headers.js';
import type { Core } from '../../identity/core.js';
import { assetRoutes } from './asset-routes.js';
import { takeChosenAccount } from './choice-step.js';
import { showEmailPage, takeEmail } from './email-step.js';
import { enrolmentPath, takeEnrolment } from './enrolment.js';
import { pageErrors } from './page-errors.js';
import { passkeyFactorPath, passkeyPath, takePasskey, takePasskeyFactor } from './passkey-sign-in.js';
import { takePassword } from './password-step.js';
import { takeCode } from './second-factor.js';
import { signInLimits } from './sign-in-limits.js';

/** `/signin` and its steps: plain forms, no script needed. */
export function signInRoutes(core: Core): Router {
  const router = Router();
  const form = [urlencoded({ extended: false, limit: '16kb' }), refuseCrossSite()];
  const limits = signInLimits(core);

  assetRoutes(router);

  router.use(['/signin', '/signin/*rest'], pageHeaders());
  router.get('/signin', (req, res) => showEmailPage({ core, req, res }));
  const posts = Object.entries({
    '/signin': takeEmail,
    '/signin/password': takePassword,
    '/signin/choice': takeChosenAccount,
    '/signin/2fa': takeCode,
    [passkeyPath]: takePasskey,
    [passkeyFactorPath]: takePasskeyFactor,
    [enrolmentPath]: takeEnrolment,
  });
  for (const [path, take] of posts)
    router.post(path, form, limits, (req: Request, res: Response) => take({ core, req, res }));
  // A reloaded step: its form is gone, the sign-in begins again.
  const later = posts.map(([path]) => path).filter((path) => path !== '/signin');
  router.get(later, (_req, res) => res.redirect(303, '/signin'));
  router.use(['/signin', '/signin/*rest'], pageErrors(core));
  return router;
}
