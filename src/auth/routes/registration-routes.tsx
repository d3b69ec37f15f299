import { Router, urlencoded, type Request, type Response } from 'express';
import { z } from 'zod';
import { refuseCrossSite } from '../../http/csrf.js';
import { pageHeaders } from '../../http/security-headers.js';
import type { Core } from '../../identity/core.js';
import { parseEmail } from '../../identity/email.js';
import { nameFaults } from '../../identity/grants/name-rule.js';
import { askRegistration, isRegistrationOpen } from '../../identity/invitations/registration.js';
import { tenantConfig, type TenantConfig } from '../../identity/tenants/config.js';
import { AppError } from '../../shared/errors.js';
import { resolveHomeRealm } from '../home-realm.js';
import { showBrand } from '../page-brand.js';
import { sendPage } from '../views/layout.js';
import { RegisteredPage, RegisterPage, type RegistrationFields } from '../views/registration-pages.js';
import { queryText } from './form-input.js';
import { pageErrors } from './page-errors.js';
import { registrationLimit, signInLimits } from './sign-in-limits.js';

const fieldsForm = z.object({
  email: z.string().max(320),
  givenName: z.string().trim().max(200),
  familyName: z.string().trim().max(200),
});

/** The tenant a registration is for. @throws AppError `route.not_found` without a tenant that takes registrations. */
async function tenantOf(core: Core, res: Response, slug: unknown): Promise<TenantConfig> {
  const tenant =
    typeof slug === 'string' ? await core.store.server.collection('tenants').findOne({ slug }) : undefined;
  const config = tenant && (await tenantConfig(core, tenant._id));
  if (!config || !isRegistrationOpen(config))
    throw new AppError('route.not_found', 'Accounts cannot be made here.');
  await showBrand(core, res, config.tenant._id);
  return config;
}

async function showForm(core: Core, req: Request, res: Response): Promise<void> {
  const { tenant } = await tenantOf(core, res, queryText(req, 'tenant'));
  const fields = { email: '', givenName: '', familyName: '' };
  sendPage(res, 200, <RegisterPage tenant={tenant.slug} fields={fields} />);
}

/** What is wrong with a form, in words. */
async function faultOf(
  core: Core,
  { settings, tenant }: TenantConfig,
  { familyName, givenName, email }: RegistrationFields,
): Promise<string | undefined> {
  const [named] = nameFaults(settings['profile.nameRule'], { givenName, familyName });
  if (named) return named.detail;
  const address = parseEmail(email);
  if (!address) return 'Enter a valid email.';
  const realm = await resolveHomeRealm(core, address, [tenant._id]);
  return realm.kind === 'forwarded'
    ? 'Your company signs you in: you need no account of your own.'
    : undefined;
}

async function takeForm(core: Core, req: Request, res: Response): Promise<void> {
  const body = (req.body ?? {}) as Record<string, unknown>;
  const config = await tenantOf(core, res, body['tenant']);
  const parsed = fieldsForm.safeParse(body);
  const fields = parsed.data ?? { email: '', givenName: '', familyName: '' };
  const fault = await faultOf(core, config, fields);
  const { slug, _id: tenantId } = config.tenant;
  if (fault !== undefined) {
    sendPage(res, 400, <RegisterPage tenant={slug} fields={fields} alert={fault} />);
    return;
  }
  const email = parseEmail(fields.email)?.address ?? fields.email;
  await askRegistration(core, { ...fields, email, tenantId });
  sendPage(res, 200, <RegisteredPage email={email} tenant={slug} />);
}

/** `/register?tenant=slug`, where `registration.self` is on. The form needs no token against forged posts: it only asks for a mail. */
export function registrationRoutes(core: Core): Router {
  const router = Router();
  router.use('/register', pageHeaders(), refuseCrossSite(), urlencoded({ extended: false, limit: '16kb' }));
  router.get('/register', (req, res) => showForm(core, req, res));
  router.post('/register', signInLimits(core), registrationLimit(core), (req: Request, res: Response) =>
    takeForm(core, req, res),
  );
  router.use('/register', pageErrors(core));
  return router;
}
