import { Router, urlencoded, type Request, type Response } from 'express';
import { refuseCrossSite } from '../../http/csrf.js';
import { pageHeaders } from '../../http/security-headers.js';
import type { Core } from '../../identity/core.js';
import { ownBrand } from '../../identity/tenants/branding.js';
import { hexColor } from '../../shared/color.js';
import { faviconSvg } from '../views/favicon.js';
import { pageScript, scriptPath } from '../views/script.js';
import { brandStyleSheet, stylePath, styleSheet } from '../views/styles.js';
import { takeChosenAccount } from './choice-step.js';
import { showEmailPage, takeEmail } from './email-step.js';
import { enrolmentPath, takeEnrolment } from './enrolment.js';
import { pageErrors } from './page-errors.js';
import { takePassword } from './password-step.js';
import { takeCode } from './second-factor.js';
import { signInLimits } from './sign-in-limits.js';

/** `/signin` and its steps: plain forms, no script needed. */
export function signInRoutes(core: Core): Router {
  const router = Router();
  const form = [urlencoded({ extended: false, limit: '16kb' }), refuseCrossSite()];
  const limits = signInLimits(core);

  const forEver = 'public, max-age=31536000, immutable';
  router.get(stylePath, (_req, res) => {
    res.set('Cache-Control', forEver).type('css').send(styleSheet);
  });
  router.get(scriptPath, (_req, res) => {
    res.set('Cache-Control', forEver).type('js').send(pageScript);
  });
  router.get('/assets/brand-:color.css', (req, res, next) => {
    const color = `#${req.params.color}`;
    if (hexColor.test(color)) res.set('Cache-Control', forEver).type('css').send(brandStyleSheet(color));
    else next();
  });

  // Browsers ask for one with every page.
  router.get('/favicon.ico', (_req, res) => {
    res.set('Cache-Control', 'public, max-age=86400').type('svg').send(faviconSvg(ownBrand));
  });

  router.use(['/signin', '/signin/*rest'], pageHeaders());
  router.get('/signin', (req, res) => showEmailPage({ core, req, res }));
  router.post('/signin', form, limits, (req: Request, res: Response) => takeEmail({ core, req, res }));
  router.post('/signin/password', form, limits, (req: Request, res: Response) =>
    takePassword({ core, req, res }),
  );
  router.post('/signin/choice', form, limits, (req: Request, res: Response) =>
    takeChosenAccount({ core, req, res }),
  );
  router.post('/signin/2fa', form, limits, (req: Request, res: Response) => takeCode(core, req, res));
  router.post(enrolmentPath, form, limits, (req: Request, res: Response) => takeEnrolment(core, req, res));
  // A reloaded step: its form is gone, the sign-in begins again.
  router.get(['/signin/password', '/signin/choice', '/signin/2fa', enrolmentPath], (_req, res) =>
    res.redirect(303, '/signin'),
  );
  router.use(['/signin', '/signin/*rest'], pageErrors(core));
  return router;
}
