import { Router, urlencoded, type Request, type Response } from 'express';
import { refuseCrossSite } from '../../http/csrf.js';
import { pageHeaders } from '../../http/security-headers.js';
import type { Core } from '../../identity/core.js';
import { effectiveRoles } from '../../identity/effective-roles.js';
import { tenantConfig } from '../../identity/tenant-config.js';
import { displayNameOf } from '../../identity/user-keys.js';
import { AppError } from '../../shared/errors.js';
import { currentSession, isSessionFormToken, sessionFormToken, type LiveSession } from '../session-guard.js';
import { endSession } from '../sessions.js';
import { AccountPage, SignedOutPage, SignOutPage } from '../views/account-pages.js';
import { sendPage } from '../views/layout.js';
import { pageErrors } from './page-errors.js';

const addressOf = ({ user }: LiveSession): string => user.email ?? user.userName;

async function showAccount(core: Core, req: Request, res: Response): Promise<void> {
  const live = await currentSession(core, req);
  if (!live) {
    res.redirect(303, '/signin?return_to=/account');
    return;
  }
  const { session, settings, tenant, user } = live;
  const config = await tenantConfig(core, tenant._id);
  const roles = effectiveRoles(user, config, core.clock.now());
  sendPage(
    res,
    200,
    <AccountPage
      csrf={sessionFormToken(core, session)}
      name={displayNameOf(user.userName, user.attributes)}
      email={addressOf(live)}
      tenantName={tenant.name}
      signedInAt={session.signedInAt}
      method={session.method === 'sso' ? 'through your company' : 'with your password'}
      roles={roles.map((key) => config.roles.get(key)?.name ?? key)}
      needsApproval={settings['approval.required'] && !user.approved}
    />,
  );
}

async function askSignOut(core: Core, req: Request, res: Response): Promise<void> {
  const live = await currentSession(core, req);
  const page = live ? (
    <SignOutPage csrf={sessionFormToken(core, live.session)} email={addressOf(live)} />
  ) : (
    <SignedOutPage />
  );
  sendPage(res, 200, page);
}

async function signOut(core: Core, req: Request, res: Response): Promise<void> {
  const live = await currentSession(core, req);
  if (live) {
    const body = (req.body ?? {}) as Record<string, unknown>;
    if (!isSessionFormToken(core, live.session, body['_csrf'])) {
      throw new AppError('csrf.invalid', 'This page has expired. Please try again.');
    }
    await endSession(core, req, res, live);
  }
  sendPage(res, 200, <SignedOutPage />);
}

/** `/account` and `/signout`: what a signed-in person needs when no application waits. */
export function accountRoutes(core: Core): Router {
  const router = Router();
  const form = [urlencoded({ extended: false, limit: '16kb' }), refuseCrossSite()];
  router.use(['/account', '/signout'], pageHeaders());
  // Whoever opens the bare address is a person who wants in.
  router.get('/', (_req, res) => res.redirect(303, '/account'));
  router.get('/account', (req, res) => showAccount(core, req, res));
  router.get('/signout', (req, res) => askSignOut(core, req, res));
  router.post('/signout', form, (req: Request, res: Response) => signOut(core, req, res));
  router.use(['/account', '/signout'], pageErrors(core));
  return router;
}
