import { LRUCache } from 'lru-cache';
import type { ServiceAccount } from '../../identity/directories/google-source.js';
import { nameFault, OutboundRefused, type GuardedFetch } from '../../infrastructure/guarded-fetch.js';
import type { Clock } from '../../shared/clock.js';
import { tokenRequest } from './google-token.js';
import { isBusy, PullFault, readFault, tokenFault, type RefusedAnswer } from './pull-fault.js';
import { isObject } from '../../shared/unknown-value.js';

type Json = Record<string, unknown>;

export interface GoogleAccess {
  fetch: GuardedFetch;
  clock: Clock;
  /** Waits between two tries; throws when the server stops. */
  wait: (ms: number) => Promise<void>;
  signal: AbortSignal;
  account: ServiceAccount;
  administrator: string;
  /** null: Google's own addresses. */
  apiUrl: string | null;
  /** Whose answers may be remembered together. */
  directoryId: string;
  remembered: RememberedAnswers;
}

/** Reads Google's Directory API, page by page. */
export interface GoogleApi {
  /**
   * One document.
   *
   * @param what - names it in a fault.
   * @throws PullFault
   */
  get(path: string, query: Readonly<Record<string, string>>, what: string): Promise<Json>;
  /**
   * The items of a list, a page at a time.
   *
   * @param member - the answer's member that holds them.
   * @throws PullFault
   */
  pages(path: string, query: Readonly<Record<string, string>>, member: string): AsyncGenerator<Json[]>;
}

const own = { api: 'https://admin.googleapis.com', token: 'https://oauth2.googleapis.com/token' } as const;
/** Pauses before the next tries, in seconds; Google recommends a backoff that doubles. */
const backoffSeconds = [1, 2, 4, 8, 16, 32] as const;
const maxRetryAfterSeconds = 120;
/** Pages of one list: more are a list that never ends. */
const maxPages = 20_000;
const maxToldCharacters = 200;
const maxRememberedBytes = 32 * 1_048_576;

interface Remembered {
  etag: string;
  text: string;
}

/** Answers by who asked for what. With an ETag Google says in a few bytes that nothing changed. */
export type RememberedAnswers = LRUCache<string, Remembered>;

export const rememberAnswers = (): RememberedAnswers =>
  new LRUCache({
    maxSize: maxRememberedBytes,
    sizeCalculation: ({ text, etag }) => 2 * (text.length + etag.length) + 1,
  });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The token endpoint answers as OAuth does, the API in Google's own form. */
function refusedAnswer(status: number, text: string): RefusedAnswer {
  const body = parsed(text);
  const error = isObject(body) ? body['error'] : undefined;
  if (typeof error === 'string') {
    const description = (body as Json)['error_description'];
    const told = typeof description === 'string' ? description : error;
    return { status, reason: error, text: told.slice(0, maxToldCharacters) };
  }
  if (!isObject(error)) return { status, reason: '', text: '' };
  const { errors, details, message } = error;
  const reasons = [errors, details]
    .flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))
    .flatMap((entry) => (isObject(entry) && typeof entry['reason'] === 'string' ? [entry['reason']] : []));
  const told = typeof message === 'string' ? message.slice(0, maxToldCharacters) : '';
  return { status, reason: reasons[0] ?? '', text: told };
}

function retryAfterMs(answer: Response, attempt: number): number {
  const told = Number(answer.headers.get('retry-after') ?? NaN);
  const seconds = backoffSeconds[attempt] ?? 0;
  return 1000 * Math.min(Number.isFinite(told) ? Math.max(told, seconds) : seconds, maxRetryAfterSeconds);
}

interface Asked {
  answer: Response;
  text: string;
}

/** Sends a request until Google is not busy, a few times. */
async function ask(access: GoogleAccess, url: string, init: () => Promise<RequestInit>): Promise<Asked> {
  for (let attempt = 0; ; attempt += 1) {
    const isLast = attempt >= backoffSeconds.length;
    try {
      const answer = await access.fetch(url, { ...(await init()), signal: access.signal });
      const text = await answer.text();
      if (isLast || !isBusy(refusedAnswer(answer.status, text))) return { answer, text };
      await access.wait(retryAfterMs(answer, attempt));
    } catch (error) {
      access.signal.throwIfAborted();
      if (error instanceof PullFault) throw error;
      if (error instanceof OutboundRefused && nameFault(error) === undefined)
        throw new PullFault(
          `Google was not asked: ${error.message}. Remedy: correct the directory's apiUrl.`,
        );
      if (isLast)
        throw new PullFault(
          `${new URL(url).origin} does not answer. Remedy: check that this server reaches it; the next pull tries again.`,
          error,
        );
      await access.wait(1000 * (backoffSeconds[attempt] ?? 0));
    }
  }
}

/** Access tokens, one at a time. */
interface Tokens {
  token(): Promise<string>;
  /** The next one is a new one. */
  forget(): void;
}

/** Gives access tokens, a new one when the old one is used up. */
function openTokens(access: GoogleAccess): Tokens {
  const { account, administrator, clock } = access;
  const audience = access.apiUrl === null ? own.token : `${access.apiUrl}/token`;
  let known: string | undefined;
  async function fetchToken(): Promise<string> {
    const { answer, text } = await ask(access, audience, async () => ({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: (await tokenRequest(account, { administrator, audience, clock })).toString(),
    }));
    const body = parsed(text);
    const token = isObject(body) ? body['access_token'] : undefined;
    if (answer.status === 200 && typeof token === 'string') return token;
    throw tokenFault(refusedAnswer(answer.status, text), administrator);
  }
  return {
    token: async () => (known ??= await fetchToken()),
    forget: () => void (known = undefined),
  };
}

/** Asks the API; a token may end during a long pull, so a refused one is replaced once. */
async function askWithToken(
  access: GoogleAccess,
  tokens: Tokens,
  url: string,
  known: Remembered | undefined,
): Promise<Asked> {
  const send = (): Promise<Asked> =>
    ask(access, url, async () => ({
      headers: {
        authorization: `Bearer ${await tokens.token()}`,
        accept: 'application/json',
        ...(known && { 'if-none-match': known.etag }),
      },
    }));
  const first = await send();
  if (first.answer.status !== 401) return first;
  tokens.forget();
  return send();
}

/** Opens Google's Directory API for one pull. */
export function openGoogleApi(access: GoogleAccess): GoogleApi {
  const { account, administrator, directoryId, remembered } = access;
  const tokens = openTokens(access);
  const base = `${access.apiUrl ?? own.api}/admin/directory/v1`;

  async function get(path: string, query: Readonly<Record<string, string>>, what: string): Promise<Json> {
    const url = `${base}${path}?${new URLSearchParams(query).toString()}`;
    const key = [directoryId, account.clientEmail, administrator, url].join('\n');
    const known = remembered.get(key);
    const { answer, text } = await askWithToken(access, tokens, url, known);
    const isSame = answer.status === 304 && known !== undefined;
    if (!isSame && answer.status !== 200)
      throw readFault(refusedAnswer(answer.status, text), what, administrator);
    const etag = answer.headers.get('etag');
    if (!isSame && etag !== null) remembered.set(key, { etag, text });
    const body = parsed(isSame ? known.text : text);
    if (isObject(body)) return body;
    throw new PullFault(
      `Google's answer for ${what} is no JSON object. Remedy: check the directory's apiUrl.`,
    );
  }

  return {
    get,
    async *pages(path, query, member) {
      let pageToken: string | undefined;
      for (let page = 0; page < maxPages; page += 1) {
        const token: Record<string, string> = pageToken === undefined ? {} : { pageToken };
        const body = await get(path, { ...query, ...token }, member);
        const items = body[member];
        if (Array.isArray(items)) yield items.filter(isObject);
        const next = body['nextPageToken'];
        if (typeof next !== 'string' || next === '') return;
        pageToken = next;
      }
      throw new PullFault(`Google's list of ${member} does not end. Remedy: ask Google's support.`);
    },
  };
}
