import express, { type Express, type NextFunction, type Request, type Response, type Router } from 'express';
import type { Provider } from 'oidc-provider';
import { z } from 'zod';
import { controlPeople } from './company-control.js';
import { samlPath } from './company-saml.js';
import { mayUseGatehouse, type Company } from './company.js';
import { directoryPage, signInPage } from './company-pages.js';
import type { Directory } from './directory.js';
import { profileNamed } from './profiles/by-name.js';

const formField = z.object({ user: z.string().optional(), group: z.string().optional() });

/** Forms of other sites may not press this company's buttons. */
function refuseForeignForms(req: Request, res: Response, next: NextFunction): void {
  const { origin } = req.headers;
  if (req.method === 'GET' || origin === undefined || new URL(origin).host === req.headers.host) next();
  else res.status(403).send('this form belongs to another site');
}

function signInRoutes(company: Company, provider: Provider): Router {
  const router = express.Router();
  const hintOf = (params: Record<string, unknown>): string | undefined =>
    typeof params['login_hint'] === 'string' ? params['login_hint'] : undefined;

  router.get('/:uid', async (req, res) => {
    const { uid, params, prompt } = await provider.interactionDetails(req, res);
    const alert = prompt.reasons.includes('not_assigned')
      ? 'Your account may not use this application any more.'
      : undefined;
    res.send(signInPage(company, uid, hintOf(params), alert));
  });

  router.post('/:uid', async (req, res) => {
    const { uid, params } = await provider.interactionDetails(req, res);
    const { user } = formField.parse(req.body);
    if (user === undefined || mayUseGatehouse(company, user) === undefined) {
      res
        .status(403)
        .send(signInPage(company, uid, hintOf(params), 'This account is not assigned to the application.'));
      return;
    }
    const result = { login: { accountId: user, amr: ['pwd'], remember: true } };
    const next = await provider.interactionResult(req, res, result, { mergeWithLastSubmission: false });
    res.redirect(303, next);
  });

  router.post('/:uid/cancel', async (req, res) => {
    const result = { error: 'access_denied', error_description: 'the person cancelled' };
    const next = await provider.interactionResult(req, res, result, { mergeWithLastSubmission: false });
    res.redirect(303, next);
  });
  return router;
}

function directoryRoutes(company: Company, directory: Directory): Router {
  const router = express.Router();

  router.get('/', (_req, res) => {
    res.send(directoryPage(company, profileNamed(company.profile).title, directory.lines()));
  });

  router.put('/people', controlPeople(company));

  router.post('/people/:id/:event', async (req, res) => {
    const employee = company.employees.get(req.params.id);
    const { event } = req.params;
    if (employee === undefined || !(event === 'assign' || event === 'unassign' || event === 'move')) {
      res.status(404).send('no such person or event');
      return;
    }
    const { group } = formField.parse(req.body ?? {});
    await directory.press(event, employee, company.groups.get(group ?? ''));
    res.redirect(303, '/');
  });
  return router;
}

/** Where a company that plays Google answers as Google's Directory API does. */
export const googlePath = '/google';

/**
 * What a simulated company answers with on its port: its directory at `/`, its OpenID provider below it, and
 * `PUT /people` by which `gatehouse sim run` keeps the login in step with what it pushes.
 *
 * @param more - `google`: its Directory API, for a directory that pulls; `saml`: its SAML provider; absent: none.
 */
export function companyApp(
  company: Company,
  provider: Provider,
  directory: Directory,
  { google, saml }: { google?: Router; saml?: Router } = {},
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(refuseForeignForms);
  if (google) app.use(googlePath, google);
  if (saml) app.use(samlPath, saml);
  app.use('/sign-in', express.urlencoded({ extended: false }), signInRoutes(company, provider));
  app.use(/^\/(people.*)?$/, express.urlencoded({ extended: false }), express.json());
  app.use(directoryRoutes(company, directory));
  app.use(provider.callback());
  return app;
}
