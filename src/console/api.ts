/** What the API says of a request it refuses (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { pointer: string; detail: string }[];
  readonly requestId: string | null;

  constructor(status: number, body: Partial<Omit<Problem, 'status'>>) {
    super(body.detail);
    this.status = status;
    this.code = body.code ?? 'unknown';
    this.detail = body.detail ?? '';
    this.errors = body.errors ?? [];
    this.requestId = body.requestId ?? null;
  }
}

export interface Listed<T> {
  items: T[];
  total: number;
  next: string | null;
  /** Users that match and are left out by the two switches. */
  hidden?: { disabled: number; nonActivated: number };
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

interface CallOptions {
  query?: Query;
  body?: unknown;
  /** The entity tag a change is meant for. */
  ifMatch?: string | undefined;
  /** Absent: JSON. */
  accept?: string;
  /** Polling: does not count as the person's activity. */
  background?: boolean;
}

export interface Answer<T> {
  data: T;
  etag: string | undefined;
}

const tenantKey = 'gatehouse.tenant';
let csrfToken = '';
/** How far the server's clock is ahead of this one, in milliseconds. */
let clockAhead = 0;

/** The time by the server's clock. */
export const serverNow = (): number => Date.now() + clockAhead;

/** The tenant an operator has entered; null: their own. Kept for this tab alone. */
export const enteredTenant = (): string | null => sessionStorage.getItem(tenantKey);

/** Enters a customer's tenant, or leaves it. Everything shown belongs to the tenant, so the page begins anew. */
export function enterTenant(slug: string | null, page = ''): void {
  if (slug === null) sessionStorage.removeItem(tenantKey);
  else sessionStorage.setItem(tenantKey, slug);
  location.assign(slug === null ? '/admin/tenants' : `/admin${page}`);
}

/** `?a=1&b=2` of what is set; empty values are left out. */
export function searchOf(query: Query): string {
  const entries = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  const text = new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

function headersOf(method: string, path: string, options: CallOptions): Headers {
  const headers = new Headers({ Accept: options.accept ?? 'application/json' });
  if (options.body !== undefined) headers.set('Content-Type', 'application/json');
  if (method !== 'GET') headers.set('X-CSRF-Token', csrfToken);
  if (options.ifMatch !== undefined) headers.set('If-Match', options.ifMatch);
  if (options.background === true) headers.set('X-Background-Request', '1');
  const tenant = enteredTenant();
  const isOwn = path.startsWith('/me') || path.startsWith('/tenants');
  if (tenant !== null && !isOwn) headers.set('Gatehouse-Tenant', tenant);
  return headers;
}

async function problemOf(answer: Response): Promise<Problem> {
  const body = (await answer.json().catch(() => ({}))) as Partial<Problem>;
  const requestId = body.requestId ?? answer.headers.get('X-Request-Id');
  return new Problem(answer.status, { ...body, detail: body.detail ?? answer.statusText, requestId });
}

/** To the sign-in, and back to where the person was. */
function signInAgain(): void {
  location.assign(`/signin${searchOf({ return_to: location.pathname + location.search })}`);
}

let askForProof: () => Promise<boolean> = () => Promise.resolve(false);

/** @param ask - asks the person to prove who they are; false: they would not. */
export function askForProofWith(ask: () => Promise<boolean>): void {
  askForProof = ask;
}

async function send(method: string, path: string, options: CallOptions): Promise<Response> {
  const init: RequestInit = { method, headers: headersOf(method, path, options), credentials: 'same-origin' };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  const answer = await fetch(`/api/v1${path}${searchOf(options.query ?? {})}`, init);
  csrfToken = answer.headers.get('X-CSRF-Token') ?? csrfToken;
  const told = Date.parse(answer.headers.get('Date') ?? '');
  if (!Number.isNaN(told)) clockAhead = told - Date.now();
  return answer;
}

async function answerOf(method: string, path: string, options: CallOptions): Promise<Response> {
  const answer = await send(method, path, options);
  if (answer.status === 401) signInAgain();
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  if (problem.code === 'auth.step_up_needed' && (await askForProof())) return answerOf(method, path, options);
  throw problem;
}

/**
 * Asks the API. An act that needs a recent proof asks the person for it and goes on.
 *
 * @param path - below `/api/v1`, with a leading slash.
 * @throws Problem for every answer that is not 2xx; without a session the browser goes to the sign-in.
 */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
  const answer = await answerOf(method, path, options);
  const isEmpty = answer.status === 204 || answer.headers.get('Content-Length') === '0';
  const data = (isEmpty ? undefined : await answer.json()) as T;
  return { data, etag: answer.headers.get('ETag') ?? undefined };
}

/**
 * Fetches a file of the API under the name it gives. The browser keeps a large one on its disk.
 *
 * @throws Problem as {@link call} does.
 */
export async function fetchFile(path: string, query: Query): Promise<{ blob: Blob; name: string }> {
  const answer = await answerOf('GET', path, { query, accept: '*/*' });
  const [, name = 'export'] =
    /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition') ?? '') ?? [];
  return { blob: await answer.blob(), name };
}

export const read = async <T>(path: string, query?: Query, background = false): Promise<T> =>
  (await call<T>('GET', path, { ...(query && { query }), background })).data;
export const post = async <T>(path: string, body?: unknown): Promise<T> =>
  (await call<T>('POST', path, { body })).data;
export const patch = async <T>(path: string, body: unknown, ifMatch?: string): Promise<T> =>
  (await call<T>('PATCH', path, { body, ifMatch })).data;
export const remove = async (path: string): Promise<void> => {
  await call('DELETE', path);
};
