import type { Request } from 'express';
import type { Core } from '../../identity/core.js';
import { parseEmail, type EmailAddress } from '../../identity/email.js';
import { hasArmedBreakGlass } from '../../identity/sso/break-glass.js';
import { AppError } from '../../shared/errors.js';
import { resolveHomeRealm, type HomeRealm } from '../home-realm.js';
import { findBrand, showBrand, showSignIn, shownRegisterPath } from '../page-brand.js';
import { currentSession } from '../session-guard.js';
import {
  contextOf,
  enterFlow,
  findFlow,
  interactionOf,
  ownPath,
  rememberEmail,
  SignInForgotten,
  type Entry,
  type SignInContext,
  type SignInFlow,
} from '../sign-in-flow.js';
import { scopeOf, type SignInScope } from '../sign-in-scope.js';
import { sendPage } from '../views/layout.js';
import { EmailPage, PasswordPage } from '../views/sign-in-pages.js';
import {
  formTokenFor,
  parseEmailForm,
  queryText,
  readOwnForm,
  requireOwnForm,
  type OwnForm,
} from './form-input.js';
import { forward } from './forwarding.js';
import { askedPasskey } from './passkey-sign-in.js';
import { countAccountPost } from './sign-in-limits.js';
import { answered, steps, type Exchange } from './steps.js';

const notices: ReadonlyMap<string | undefined, string> = new Map([
  ['password', 'Your new password is set. Please sign in with it.'],
  ['activated', 'Your account is active. Please sign in.'],
  ['address', 'Your new address is confirmed. Please sign in with it.'],
]);
const invalidEmail = 'Enter a valid email.';

/** The tenant of `?tenant=slug`; null: none is named. */
async function tenantFromQuery(core: Core, req: Request): Promise<string | null> {
  const slug = queryText(req, 'tenant');
  if (slug === undefined) return null;
  const tenant = await core.store.server.collection('tenants').findOne({ slug });
  if (!tenant) throw new AppError('tenant.not_found', 'There is no such organization here.');
  return tenant._id;
}

/** The sign-in the address bar speaks of: one under way (`?flow=`), else a new one. */
async function enterFromQuery({ core, req, res }: Exchange): Promise<Entry> {
  const flow = await findFlow(core, req);
  const context = flow && contextOf(flow, queryText(req, 'flow'));
  if (context) {
    await showSignIn(core, res, context);
    return { flow, context };
  }
  const waiting = interactionOf(queryText(req, 'flow'));
  if (waiting !== undefined) throw new SignInForgotten(waiting);
  const tenantId = await tenantFromQuery(core, req);
  await showBrand(core, res, tenantId);
  // Who comes from a form of ours has just shown the address there.
  const shown =
    queryText(req, 'done') === undefined
      ? undefined
      : flow?.contexts.findLast((one) => one.tenantId === tenantId)?.email;
  return enterFlow(core, req, res, {
    tenantId,
    returnTo: ownPath(queryText(req, 'return_to')) ?? '/account',
    applicationName: null,
    email: shown ?? null,
    ...(queryText(req, 'local') === '1' && { isLocal: true as const }),
  });
}

async function sendEmailPage({ core, req, res, flow, context }: Exchange & Entry): Promise<void> {
  const live = await currentSession(core, req, { slides: false });
  sendPage(
    res,
    200,
    <EmailPage
      csrf={formTokenFor(flow, context)}
      application={context.applicationName}
      email={context.email ?? ''}
      signedInAs={live?.user.email ?? live?.user.userName}
      notice={notices.get(queryText(req, 'done'))}
      passkey={askedPasskey(core, res, { flow, context })}
      registerPath={shownRegisterPath(res)}
    />,
  );
}

/** `GET /signin`. */
export const showEmailPage = steps().step(enterFromQuery).end(sendEmailPage);

/** Sends the page that asks for the address again. */
export async function refuseEmail(exchange: Exchange): Promise<void> {
  const { core, req, res } = exchange;
  const own = await requireOwnForm(core, req).catch(() => undefined);
  const { flow, context } = own ?? (await enterFromQuery(exchange));
  const typed = (req.body as Record<string, unknown> | undefined)?.['email'];
  sendPage(
    res,
    400,
    <EmailPage
      csrf={formTokenFor(flow, context)}
      application={context.applicationName}
      email={typeof typed === 'string' ? typed.slice(0, 320) : ''}
      alert={invalidEmail}
    />,
  );
}

/** A posted step whose address is known. */
export interface Addressed {
  email: EmailAddress;
}

async function readEmail(exchange: Exchange): Promise<Addressed | typeof answered> {
  const input = parseEmailForm(exchange.req.body);
  const email = input && parseEmail(input.email);
  if (email) return { email };
  await refuseEmail(exchange);
  return answered;
}

export const countPost = ({ core, req, email }: Exchange & Addressed): Promise<void> =>
  countAccountPost(core, req, email.key);

/** Where an address signs in, among which tenants. */
export interface Located {
  scope: SignInScope;
  realm: HomeRealm;
}

/** Decides where the address signs in, before any look at its users. */
export async function findHomeRealm({
  core,
  email,
  context,
}: Exchange & Addressed & OwnForm): Promise<Located> {
  const scope = await scopeOf(core, context);
  return { scope, realm: await resolveHomeRealm(core, email, scope) };
}

const keepEmail = ({ core, flow, context, email }: Exchange & Addressed & OwnForm): Promise<void> =>
  rememberEmail(core, flow, context.id, email.address);

/** Users are looked at only after a company's provider had its turn. */
export async function forwardToCompany({
  core,
  req,
  res,
  flow,
  context,
  email,
  realm,
}: Exchange & Addressed & OwnForm & Located): Promise<typeof answered | undefined> {
  if (realm.kind !== 'forwarded') return undefined;
  if (context.isLocal && (await hasArmedBreakGlass(core, realm.connection.tenantId))) return undefined;
  await forward(core, req, res, { flow, context, connection: realm.connection, email: email.address });
  return answered;
}

/** Whose password is asked for, in which sign-in. */
export interface PasswordStep extends Addressed {
  flow: SignInFlow;
  context: SignInContext;
}

export async function showPasswordPage(
  { core, res, flow, context, email }: Exchange & PasswordStep,
  answer: { status: number; alert?: string } = { status: 200 },
): Promise<void> {
  const { connection } = await resolveHomeRealm(core, email, await scopeOf(core, context));
  sendPage(
    res,
    answer.status,
    <PasswordPage
      csrf={formTokenFor(flow, context)}
      application={context.applicationName}
      email={email.address}
      restartPath={`/signin?flow=${context.id}`}
      alert={answer.alert}
      ssoPath={connection ? `/sso/${connection._id}/start?flow=${context.id}` : undefined}
      companyName={connection ? (await findBrand(core, connection.tenantId)).name : undefined}
    />,
  );
}

/** `POST /signin`: to the company's provider, else on to the password, whether the address is known or not. */
export const takeEmail = steps()
  .step(readEmail)
  .step(readOwnForm)
  .step(countPost)
  .step(findHomeRealm)
  .step(keepEmail)
  .step(forwardToCompany)
  .end((state) => showPasswordPage(state));
