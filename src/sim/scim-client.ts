import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Answer } from './step.js';

/** Where a simulated identity provider pushes to. */
export interface ScimTarget {
  /** The SCIM base address, e.g. `http://localhost:3000/scim/v2`. */
  scimUrl: string;
  /** A static token, or what gets an access token whenever one is needed; `isRefused`: the last one is dead. */
  token: string | ((isRefused?: boolean) => Promise<string>);
}

export interface ScimRequest {
  method: string;
  /** Below the base address. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: unknown;
}

/** The server could not be reached at all. */
export class ServerAway extends Error {
  constructor(url: string, cause: unknown) {
    super(`no answer from ${url}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'ServerAway';
  }
}

/** Blanks and quotes as a provider's HTTP library escapes them; `+`, a dangling `?` or `&` stay as they are. */
function escapePath(path: string): string {
  return path.replaceAll(/[^\x21-\x7e]|"/g, (character) => encodeURIComponent(character));
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

async function send(target: ScimTarget, token: string, request: ScimRequest): Promise<Answer> {
  const base = new URL(target.scimUrl);
  const payload = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  const begun = performance.now();
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = base.protocol === 'https:' ? requestHttps : requestHttp;
      const outgoing = send({
        hostname: base.hostname,
        port: base.port,
        path: escapePath(base.pathname.replace(/\/$/, '') + request.path),
        method: request.method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(payload && { 'content-length': String(payload.length) }),
          ...request.headers,
        },
        timeout: 30_000,
      });
      outgoing.on('response', resolve);
      outgoing.on('error', reject);
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 30 s')));
      outgoing.end(payload);
    });
    const text = await readText(response);
    return {
      status: response.statusCode ?? 0,
      body: parseBody(text),
      ms: performance.now() - begun,
      headers: response.headers,
    };
  } catch (error) {
    throw new ServerAway(target.scimUrl, error);
  }
}

/**
 * Sends one request with exactly the given path and headers. `fetch` would add a User-Agent and normalise the address, and what
 * providers really send (no User-Agent, a dangling `?`) is the point here.
 *
 * A refused access token is replaced, once.
 *
 * @throws ServerAway
 */
export async function sendScim(target: ScimTarget, request: ScimRequest): Promise<Answer> {
  if (typeof target.token === 'string') return send(target, target.token, request);
  const answer = await send(target, await target.token(), request);
  return answer.status === 401 ? send(target, await target.token(true), request) : answer;
}
