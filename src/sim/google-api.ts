import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { jwtVerify } from 'jose';
import type { Clock } from '../shared/clock.js';
import type { GoogleFault, GoogleUser, Workspace } from './google-workspace.js';

const scopes = ['user', 'group', 'group.member'].map(
  (what) => `https://www.googleapis.com/auth/admin.directory.${what}.readonly`,
);
const tokenSeconds = 3600;

/** A refusal in the form of Google's APIs. */
function refuse(res: Response, { status, reason = 'forbidden', retryAfter }: GoogleFault): void {
  if (retryAfter !== undefined) res.set('Retry-After', retryAfter);
  const message = `simulated: ${reason}`;
  res
    .status(status)
    .json({ error: { code: status, message, errors: [{ domain: 'global', reason, message }] } });
}

/** Answers with an ETag, and with 304 alone to a client that has it. */
function answer(workspace: Workspace, req: Request, res: Response, body: object): void {
  const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url')}"`;
  if (req.headers['if-none-match'] === etag) {
    workspace.unchanged += 1;
    res.status(304).set('ETag', etag).end();
    return;
  }
  res.set('ETag', etag).json({ ...body, etag });
}

/** One page of a list, as `maxResults` and `pageToken` ask for it. */
function pageOf(workspace: Workspace, req: Request, items: readonly unknown[], member: string): object {
  const { maxResults = '100', pageToken } = req.query as Record<string, string | undefined>;
  const start = pageToken === undefined ? 0 : Number(Buffer.from(pageToken, 'base64url').toString());
  const end = start + Math.min(Number(maxResults), workspace.maxPage);
  const next = end < items.length ? Buffer.from(String(end)).toString('base64url') : undefined;
  const page = items.slice(start, end);
  return { ...(page.length > 0 && { [member]: page }), ...(next !== undefined && { nextPageToken: next }) };
}

const byId = <T extends { id: string }>(items: Iterable<T>): T[] =>
  [...items].sort((a, b) => (a.id < b.id ? -1 : 1));

/** Google's search for an organizational unit finds those below it too. */
function isFound({ orgUnitPath }: GoogleUser, query: string | undefined): boolean {
  const [, unit] = /^orgUnitPath='(.*)'$/.exec(query ?? '') ?? [];
  if (unit === undefined || unit === '/') return true;
  return orgUnitPath === unit || orgUnitPath.startsWith(`${unit}/`);
}

function directoryRoutes(workspace: Workspace): Router {
  const router = express.Router();
  router.get('/users', (req, res) => {
    const query = typeof req.query['query'] === 'string' ? req.query['query'] : undefined;
    const users = byId(workspace.users.values()).filter((user) => isFound(user, query));
    answer(workspace, req, res, pageOf(workspace, req, users, 'users'));
  });
  router.get('/groups', (req, res) => {
    const groups = byId(workspace.groups.values()).map(({ id, email, name }) => ({ id, email, name }));
    answer(workspace, req, res, pageOf(workspace, req, groups, 'groups'));
  });
  const groupOf = (key: string) =>
    [...workspace.groups.values()].find(({ id, email }) => id === key || email === key);
  router.get('/groups/:key', (req, res) => {
    const group = groupOf(req.params.key);
    if (!group) refuse(res, { status: 404, reason: 'notFound' });
    else answer(workspace, req, res, { id: group.id, email: group.email, name: group.name });
  });
  router.get('/groups/:key/members', (req, res) => {
    const group = groupOf(req.params.key);
    if (!group) refuse(res, { status: 404, reason: 'notFound' });
    else answer(workspace, req, res, pageOf(workspace, req, group.members, 'members'));
  });
  return router;
}

/** The token endpoint for service accounts that act for a person (RFC 7523 section 2.1), and who has a live token. */
function tokenIssuer(workspace: Workspace, clock: Clock): { issue: RequestHandler; check: RequestHandler } {
  const tokens = new Map<string, number>();
  const issue: RequestHandler = async (req, res) => {
    const { assertion = '', grant_type: grant } = (req.body ?? {}) as Record<string, string | undefined>;
    const fail = (error: string, description: string): void =>
      void res
        .status(error === 'unauthorized_client' ? 401 : 400)
        .json({ error, error_description: description });
    if (grant !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
      fail('unsupported_grant_type', 'Invalid grant_type');
      return;
    }
    try {
      const { payload } = await jwtVerify(assertion, createPublicKey(workspace.publicKey), {
        issuer: workspace.serviceAccount.client_email,
        audience: `${req.protocol}://${req.get('host') ?? ''}${req.originalUrl}`,
        algorithms: ['RS256'],
        maxTokenAge: tokenSeconds,
        currentDate: clock.now(),
      });
      const asked = String(payload['scope']).split(' ');
      if (!asked.every((scope) => scopes.includes(scope))) {
        fail('unauthorized_client', 'Client is unauthorized to retrieve access tokens using this method');
        return;
      }
      if (payload.sub !== workspace.administrator) {
        fail('invalid_grant', 'Invalid email or User ID');
        return;
      }
    } catch {
      fail('invalid_grant', 'Invalid JWT Signature.');
      return;
    }
    const token = `ya29.${randomBytes(24).toString('base64url')}`;
    tokens.set(token, clock.now().getTime() + tokenSeconds * 1000);
    res.json({ access_token: token, token_type: 'Bearer', expires_in: tokenSeconds });
  };
  const check: RequestHandler = (req, res, next) => {
    const token = (req.headers.authorization ?? '').replace(/^Bearer /, '');
    if ((tokens.get(token) ?? 0) > clock.now().getTime()) next();
    else refuse(res, { status: 401, reason: 'authError' });
  };
  return { issue, check };
}

/**
 * Plays Google's Directory API for a Workspace: `/token` and `/admin/directory/v1`, to be mounted where a directory's `apiUrl` points.
 */
export function googleApi(workspace: Workspace, clock: Clock): Router {
  const { issue, check } = tokenIssuer(workspace, clock);
  const router = express.Router();
  router.use((req, res, next) => {
    workspace.requests.push(`${req.method} ${req.url}`);
    const at = workspace.faults.findIndex(({ path }) => path === undefined || path.test(req.url));
    const [fault] = at < 0 ? [] : workspace.faults.splice(at, 1);
    if (fault) refuse(res, fault);
    else next();
  });
  router.post('/token', express.urlencoded({ extended: false }), issue);
  router.use('/admin/directory/v1', check, directoryRoutes(workspace));
  return router;
}
