import { Router, urlencoded, type Request, type Response } from 'express';
import { refuseCrossSite } from '../../http/csrf.js';
import { pageHeaders } from '../../http/security-headers.js';
import type { Core } from '../../identity/core.js';
import { confirmOwnAddress, findAddressHolder } from '../../identity/credentials/own-address.js';
import { showBrand } from '../page-brand.js';
import { visitorOf } from '../sessions.js';
import { sendPage } from '../views/layout.js';
import { DeadLinkPage } from '../views/password-pages.js';
import { ConfirmAddressPage } from '../views/registration-pages.js';
import { pageErrors } from './page-errors.js';
import { signInLimits } from './sign-in-limits.js';

type TokenRequest = Request<{ token: string }>;

async function showConfirmation(core: Core, req: TokenRequest, res: Response): Promise<void> {
  const holder = await findAddressHolder(core, req.params.token);
  if (!holder) {
    sendPage(res, 410, <DeadLinkPage kind="address" />);
    return;
  }
  await showBrand(core, res, holder.user.tenantId);
  const action = `/confirm/${encodeURIComponent(req.params.token)}`;
  sendPage(res, 200, <ConfirmAddressPage action={action} address={holder.address} />);
}

async function takeConfirmation(core: Core, req: TokenRequest, res: Response): Promise<void> {
  const holder = await findAddressHolder(core, req.params.token);
  const saved = holder && (await confirmOwnAddress(core, holder, visitorOf(req as Request)));
  if (!saved) {
    sendPage(res, 410, <DeadLinkPage kind="address" />);
    return;
  }
  const tenant = await core.store.tenant(saved.tenantId).collection('tenants').get(saved.tenantId);
  res.redirect(303, `/signin?tenant=${encodeURIComponent(tenant?.slug ?? '')}&done=address`);
}

/** `/confirm/:token`: a person's new address. A GET changes nothing, since mail scanners follow links. */
export function addressRoutes(core: Core): Router {
  const router = Router();
  const path = '/confirm/:token';
  router.use(path, pageHeaders(), refuseCrossSite(), urlencoded({ extended: false, limit: '16kb' }));
  router.get(path, (req: TokenRequest, res: Response) => showConfirmation(core, req, res));
  router.post(path, signInLimits(core));
  router.post(path, (req: TokenRequest, res: Response) => takeConfirmation(core, req, res));
  router.use(path, pageErrors(core));
  return router;
}
