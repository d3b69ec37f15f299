import express, { type Express, type Response } from 'express';
import { z } from 'zod';
import { escapeHtml, htmlPage } from './html.js';
import { verifyLogoutToken } from './logout-token.js';
import {
  sampleClient,
  type SampleClaims,
  type SampleClient,
  type SampleRegistration,
  type SampleTokens,
} from './sample-client.js';
import { openSessions, type LocalSession, type LocalSessions } from './sample-sessions.js';

/** How the sample application looks. */
export interface SampleLook {
  title: string;
  brand: string;
  /** Separates the cookies of sample applications: cookies ignore ports. */
  slug: string;
  /** The customers it has, each with a button of its own. */
  customers: readonly { slug: string; name: string }[];
}

const wishSchema = z.object({
  organization: z.string().optional().catch(undefined),
  prompt: z.literal('select_account').optional().catch(undefined),
});
const callbackErrorSchema = z.object({
  error: z.string().optional(),
  error_description: z.string().optional(),
});
const logoutSchema = z.object({ logout_token: z.string() });

/** What scripts read at `/session.json`. */
type SampleState = { signedIn: true } & SampleClaims;

function list(values: readonly string[]): string {
  return values.map((value) => `<span class="tag">${escapeHtml(value)}</span>`).join('') || 'none';
}

function signInForms(look: SampleLook): string {
  const forCustomer = ({ slug, name }: { slug: string; name: string }): string =>
    `<form action="/signin"><input type="hidden" name="organization" value="${escapeHtml(slug)}"><button>Sign in as ${escapeHtml(name)}</button></form> `;
  return `<form action="/signin"><button class="main">Sign in</button></form> ${look.customers.map(forCustomer).join('')}`;
}

function homePage(look: SampleLook, session: LocalSession | undefined): string {
  const head = `<h1>${escapeHtml(look.title)}</h1><p class="sub">A sample application that knows its people from Gatehouse.</p>`;
  const claims = session?.tokens?.claims;
  if (claims === undefined) {
    const note = session?.farewell ? `<p role="alert">${escapeHtml(session.farewell)}</p>` : '';
    return htmlPage(look.title, look.brand, `${head}${note}<p>${signInForms(look)}</p>`);
  }
  return htmlPage(
    look.title,
    look.brand,
    `${head}<table><tbody>
<tr><th>Name</th><td>${escapeHtml(claims.name)}</td></tr><tr><th>Email</th><td>${escapeHtml(claims.email)}</td></tr>
<tr><th>Tenant</th><td>${escapeHtml(claims.tenantName)} <small>${escapeHtml(claims.tenant)}</small></td></tr><tr><th>Roles</th><td>${list(claims.roles)}</td></tr>
<tr><th>Permissions</th><td>${list(claims.permissions)}</td></tr></tbody></table>
<p><form method="post" action="/refresh"><button class="main">Refresh</button></form>
<form action="/signin"><input type="hidden" name="prompt" value="select_account"><button>Change account</button></form>
<form method="post" action="/signout"><button>Sign out</button></form></p>`,
  );
}

function refusalPage(look: SampleLook, reason: string): string {
  return htmlPage(
    look.title,
    look.brand,
    `<h1>${escapeHtml(look.title)}</h1><p role="alert">${escapeHtml(reason)}</p><p><a href="/">Back</a></p>`,
  );
}

function showState(session: LocalSession | undefined, res: Response): void {
  const claims = session?.tokens?.claims;
  if (claims === undefined) res.status(401).json({ signedIn: false });
  else res.json({ signedIn: true, ...claims } satisfies SampleState);
}

async function refresh(client: SampleClient, session: LocalSession | undefined): Promise<void> {
  if (session?.tokens === undefined) return;
  try {
    session.tokens = await client.refresh(session.tokens);
  } catch {
    delete session.tokens;
    session.farewell = 'Gatehouse no longer vouches for you: please sign in again.';
  }
}

/** @returns where the browser goes next: to Gatehouse, to end its session there too. */
async function signOut(client: SampleClient, session: LocalSession | undefined): Promise<string> {
  if (session?.tokens === undefined) return '/';
  const url = await client.signOutUrl(session.tokens);
  delete session.tokens;
  return url;
}

/** @returns why the sign-in failed, or the tokens. */
async function finishSignIn(
  client: SampleClient,
  session: LocalSession | undefined,
  callback: URL,
): Promise<string | SampleTokens> {
  const { error, error_description: reason } = callbackErrorSchema.parse(
    Object.fromEntries(callback.searchParams),
  );
  if (error !== undefined) return reason ?? error;
  if (session?.pending === undefined) return 'nothing was begun in this browser';
  const { pending } = session;
  delete session.pending;
  return client.finish(callback, pending);
}

/**
 * A small application that signs its people in through Gatehouse (code flow with PKCE) and shows what the ID token says.
 *
 * `/session.json` says the same to scripts: 200 with the claims while a person is signed in, 401 otherwise.
 */
export function sampleApp(registration: SampleRegistration, look: SampleLook): Express {
  const app = express();
  app.disable('x-powered-by');
  const client = sampleClient(registration);
  const sessions = openSessions(`sample_${look.slug}`);

  app.get('/', (req, res) => {
    res.send(homePage(look, sessions.of(req)));
  });
  app.get('/session.json', (req, res) => {
    showState(sessions.of(req), res);
  });
  app.get('/signin', async (req, res) => {
    const { redirectTo, pending } = await client.begin(wishSchema.parse(req.query));
    sessions.start(res, { pending });
    res.redirect(303, redirectTo);
  });
  app.get('/cb', async (req, res) => {
    const result = await finishSignIn(client, sessions.of(req), new URL(req.originalUrl, registration.url));
    if (typeof result === 'string') {
      res.status(403).send(refusalPage(look, `Signing in failed: ${result}`));
      return;
    }
    sessions.start(res, { tokens: result });
    res.redirect(303, '/');
  });
  app.post('/refresh', async (req, res) => {
    await refresh(client, sessions.of(req));
    res.redirect(303, '/');
  });
  app.post('/signout', async (req, res) => {
    res.redirect(303, await signOut(client, sessions.of(req)));
  });
  app.use('/bcl', backchannelLogout(registration, client, sessions));
  return app;
}

/** `POST logout_token=...` from Gatehouse: 200 when the sessions are gone, 400 for a token that is not one. */
function backchannelLogout(
  registration: SampleRegistration,
  client: SampleClient,
  sessions: LocalSessions,
): express.Router {
  const router = express.Router();
  const seen = new Set<string>();
  router.post('/', express.urlencoded({ extended: false }), async (req, res) => {
    res.set('cache-control', 'no-store');
    try {
      const { logout_token: token } = logoutSchema.parse(req.body);
      const keys = await client.logoutKeys();
      sessions.end(await verifyLogoutToken(token, keys, registration, seen));
      res.status(200).end();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      res.status(400).json({ error: 'invalid_request', error_description: reason });
    }
  });
  return router;
}
