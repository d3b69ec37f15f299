import { Router, urlencoded, type Request, type Response } from 'express';
import { z } from 'zod';
import { makeFormToken, readFormToken, refuseCrossSite } from '../../http/csrf.js';
import { requestIdOf } from '../../http/request-context.js';
import { pageHeaders } from '../../http/security-headers.js';
import type { Core } from '../../identity/core.js';
import { instantText } from '../../identity/jobs/mail-language.js';
import {
  addSetupDomain,
  confirmSetupMail,
  handOn,
  makeSetupToken,
  sendSetupMail,
  setUpProvider,
  verifySetupDomain,
} from '../../identity/setup/acts.js';
import { findSetupHolder, noteOpened, type SetupHolder } from '../../identity/setup/holder.js';
import { setupState } from '../../identity/setup/state.js';
import { lookUpTxt } from '../../infrastructure/txt-records.js';
import { AppError } from '../../shared/errors.js';
import { showBrand } from '../page-brand.js';
import { shownLanguage } from '../page-choices.js';
import { sendPage } from '../views/layout.js';
import { SetupMailPage, SetupOverPage, SetupPage, SetupWatchPage } from '../views/setup-pages.js';
import type { SetupShown } from '../views/setup-steps.js';
import { pageErrors } from './page-errors.js';
import { setupLimit } from './sign-in-limits.js';

type LinkRequest = Request<{ token: string; act: string }>;
type MailRequest = Request<{ id: string; token: string }>;

const text = z.string().max(1000);
const forms = {
  provider: z.object({
    ...{ issuer: text.optional(), clientId: z.string().max(500).optional() },
    ...{ clientSecret: z.string().max(2000).optional(), metadata: z.string().max(200_000).optional() },
    certificate: z.string().max(20_000).optional(),
  }),
  domains: z.object({ newDomain: text }),
  verify: z.object({ domain: text }),
  mail: z.object({ to: text }),
  token: z.object({}),
  'hand-on': z.object({
    step: z.enum(['provider', 'dns', 'mail']),
    name: z.string().trim().min(1).max(200),
    email: z.string().trim().max(320),
  }),
} as const;

const unclear = (): AppError => new AppError('input.invalid', 'The form is not complete.');

function read<T extends keyof typeof forms>(act: T, body: unknown): z.output<(typeof forms)[T]> {
  const parsed = forms[act].safeParse(body ?? {});
  if (!parsed.success) throw unclear();
  return parsed.data as z.output<(typeof forms)[T]>;
}

type Act = (core: Core, holder: SetupHolder, body: unknown) => Promise<SetupShown>;

const acts: Readonly<Record<string, Act>> = {
  async provider(core, holder, body) {
    const checks = await setUpProvider(core, holder, read('provider', body));
    const isGood = checks.every(({ ok }) => ok);
    return isGood
      ? { checks, notice: 'Saved. The provider answers as it should.' }
      : { checks, alert: 'Saved, but not everything works yet: see below.' };
  },
  async domains(core, holder, body) {
    await addSetupDomain(core, holder, read('domains', body).newDomain);
    return { notice: 'The domain was added.' };
  },
  async verify(core, holder, body) {
    const { domain } = read('verify', body);
    await verifySetupDomain(core, holder, domain, (name) => lookUpTxt(name, core.config.dnsServers));
    return { notice: `The record of ${domain} was found.` };
  },
  async mail(core, holder, body) {
    await sendSetupMail(core, holder, read('mail', body).to);
    return { notice: 'The test mail was sent: open it, and follow its link.' };
  },
  async token(core, holder) {
    return { token: await makeSetupToken(core, holder), notice: 'The token was made.' };
  },
  async 'hand-on'(core, holder, body) {
    return { colleagueUrl: await handOn(core, holder, read('hand-on', body)), notice: 'The link was made.' };
  },
};

const pathOf = (token: string): string => `/setup/${encodeURIComponent(token)}`;

/** @returns undefined when the link is over, which was said. */
async function openLink(core: Core, req: LinkRequest, res: Response): Promise<SetupHolder | undefined> {
  const origin = { requestId: requestIdOf(req as Request), ip: req.ip ?? null };
  const holder = await findSetupHolder(core, req.params.token, origin);
  if (holder) await showBrand(core, res, holder.link.tenantId);
  else sendPage(res, 410, <SetupOverPage />);
  return holder;
}

async function show(
  core: Core,
  res: Response,
  holder: SetupHolder,
  { shown = {}, status = 200, token }: { token: string; status?: number; shown?: SetupShown },
): Promise<void> {
  const { link } = holder;
  sendPage(
    res,
    status,
    <SetupPage
      link={link}
      state={await setupState(core, holder)}
      csrf={makeFormToken(token)}
      path={pathOf(token)}
      until={instantText(link.expiresAt, shownLanguage(res))}
      {...shown}
    />,
  );
}

const secrets = new Set(['_csrf', 'clientSecret']);

/** What was typed, without secrets. */
function typed(body: unknown): Record<string, string> {
  const entries = Object.entries((body ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && !secrets.has(entry[0]),
    ),
  );
}

/** Faults of what was typed are shown above the form; others have a page of their own. */
function alertOf(error: unknown): { alert: string; status: number } {
  if (!(error instanceof AppError) || error.status >= 500 || error.status === 404) throw error;
  const details = error.errors.map(({ detail, pointer }) => `${pointer.slice(1)} ${detail}`);
  return { alert: details.length > 0 ? `${details.join('. ')}.` : error.message, status: error.status };
}

async function takeForm(core: Core, req: LinkRequest, res: Response): Promise<void> {
  const { act, token } = req.params;
  const holder = await openLink(core, req, res);
  if (!holder) return;
  const run = Object.hasOwn(acts, act) ? acts[act] : undefined;
  if (!run) throw new AppError('route.not_found', 'There is no such page.');
  const body = (req.body ?? {}) as Record<string, unknown>;
  if (!readFormToken(token, body['_csrf']))
    throw new AppError('csrf.invalid', 'This page has expired. Please try again.');
  let answer: { shown: SetupShown; status: number };
  try {
    answer = { shown: await run(core, holder, body), status: 200 };
  } catch (error) {
    const { alert, status } = alertOf(error);
    answer = { shown: { alert, values: typed(body) }, status };
  }
  const after = await openLink(core, req, res);
  if (after) await show(core, res, after, { token, ...answer });
}

async function watch(core: Core, req: LinkRequest, res: Response): Promise<void> {
  const holder = await openLink(core, req, res);
  if (!holder) return;
  const { directory } = await setupState(core, holder);
  if (!directory) throw new AppError('route.not_found', 'There is no such page.');
  sendPage(res, 200, <SetupWatchPage path={pathOf(req.params.token)} {...directory} />);
}

/** `/setup/:token`: what the IT of a company does for itself, behind a link of an administrator. */
export function setupRoutes(core: Core): Router {
  const router = Router();
  router.use('/setup', pageHeaders(), refuseCrossSite(), setupLimit(core));
  router.use('/setup', urlencoded({ extended: false, limit: '512kb' }));
  router.get('/setup/mail/:id/:token', (req: MailRequest, res: Response) => {
    sendPage(res, 200, <SetupMailPage action={req.path} isDone={false} />);
  });
  router.post('/setup/mail/:id/:token', async (req: MailRequest, res: Response) => {
    const isDone = await confirmSetupMail(core, req.params.id, req.params.token);
    if (isDone) sendPage(res, 200, <SetupMailPage action={req.path} isDone />);
    else sendPage(res, 410, <SetupOverPage />);
  });
  router.get('/setup/:token', async (req: LinkRequest, res: Response) => {
    const holder = await openLink(core, req, res);
    if (!holder) return;
    await noteOpened(core, holder);
    await show(core, res, holder, { token: req.params.token });
  });
  router.get('/setup/:token/watch', (req: LinkRequest, res: Response) => watch(core, req, res));
  router.post('/setup/:token/:act', (req: LinkRequest, res: Response) => takeForm(core, req, res));
  router.use('/setup', pageErrors(core));
  return router;
}
