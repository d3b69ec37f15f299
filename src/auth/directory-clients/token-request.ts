import type { IncomingMessage } from 'node:http';
import { invalidRequest } from './token-refusal.js';

/** How a client says who it is (RFC 6749 section 2.3, RFC 7521 section 4.2). */
export interface ClientProof {
  /** How the client id was named, if it was. */
  readonly clientId: string | undefined;
  readonly secret: string | undefined;
  readonly assertion: string | undefined;
}

export interface TokenRequest extends ClientProof {
  readonly grantType: string | undefined;
  readonly scope: string | undefined;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Longer requests are left to the OpenID provider, which refuses them. */
const maxBodyBytes = 56 * 1024;

/**
 * Reads a body and puts it back, so that whoever answers the request reads it as it came.
 *
 * @returns undefined for a body that is too long or breaks off.
 */
export function peekBody(req: IncomingMessage): Promise<string | undefined> {
  const { 'content-length': length, 'transfer-encoding': encoding } = req.headers;
  if ((encoding === undefined && Number(length ?? 0) === 0) || Number(length ?? 0) > maxBodyBytes) {
    return Promise.resolve(undefined);
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (isWhole: boolean): void => {
      req.off('readable', read).off('close', abandon).off('error', abandon);
      const body = Buffer.concat(chunks);
      if (body.length > 0) req.unshift(body);
      resolve(isWhole ? body.toString('utf8') : undefined);
    };
    const abandon = (): void => {
      req.off('readable', read).off('close', abandon).off('error', abandon);
      resolve(undefined);
    };
    const read = (): void => {
      for (let chunk = req.read() as Buffer | null; chunk !== null; chunk = req.read() as Buffer | null) {
        chunks.push(chunk);
        size += chunk.length;
      }
      if (req.complete) finish(size <= maxBodyBytes);
      else if (size > maxBodyBytes) finish(false);
    };
    req.on('readable', read).on('close', abandon).on('error', abandon);
  });
}

const isForm = (req: IncomingMessage): boolean =>
  /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(req.headers['content-type'] ?? '');

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    return undefined;
  }
};

/** Client id and secret of a Basic header, which stand there form-encoded (RFC 6749 section 2.3.1). */
function basicCredentials(header: string | undefined): { id: string; secret: string } | undefined {
  const [, encoded] = /^basic +([a-z0-9+/]+={0,2}) *$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [, id = '', secret = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return { id: decoded(id) ?? id, secret: decoded(secret) ?? secret };
}

/** The parameters of a form; each may be there once (RFC 6749 section 3.2). An empty one is an absent one. */
function parametersOf(body: string): (name: string) => string | undefined {
  const form = new URLSearchParams(body);
  return (name) => {
    const values = form.getAll(name);
    if (values.length > 1) throw invalidRequest(`the parameter ${name} is there more than once`);
    return values[0] === '' ? undefined : values[0];
  };
}

/** How a client says who it is, in one way alone (RFC 6749 section 2.3). */
function proofOf(header: string | undefined, parameter: (name: string) => string | undefined): ClientProof {
  const basic = basicCredentials(header);
  if (header !== undefined && !basic) {
    throw invalidRequest('the Authorization header must be Basic, with client id and secret');
  }
  const [secret, assertion] = [parameter('client_secret'), parameter('client_assertion')];
  if ([basic, secret, assertion].filter((way) => way !== undefined).length > 1) {
    throw invalidRequest('say who you are in one way: by Basic, by client_secret, or by client_assertion');
  }
  const clientId = parameter('client_id');
  if (!basic) return { clientId, secret, assertion };
  if (clientId !== undefined && clientId !== basic.id) {
    throw invalidRequest('client_id is another one than in the Authorization header');
  }
  return { clientId: basic.id, secret: basic.secret, assertion };
}

/**
 * What a token request says.
 *
 * @throws TokenRefusal `invalid_request`: no form, a parameter twice, two ways to say who it is, or two client ids.
 */
export function readTokenRequest(req: IncomingMessage, body: string): TokenRequest {
  if (!isForm(req)) throw invalidRequest('send a form: application/x-www-form-urlencoded');
  const parameter = parametersOf(body);
  const proof = proofOf(req.headers.authorization, parameter);
  if (proof.assertion !== undefined && parameter('client_assertion_type') !== assertionType) {
    throw invalidRequest(`client_assertion_type must be ${assertionType}`);
  }
  return { ...proof, grantType: parameter('grant_type'), scope: parameter('scope') };
}

/** Whose request it seems to be, before anything of it is believed. */
export function namedIn(req: IncomingMessage, body: string | undefined): ClientProof {
  const basic = basicCredentials(req.headers.authorization);
  const form = new URLSearchParams(body !== undefined && isForm(req) ? body : '');
  return {
    clientId: basic?.id ?? form.get('client_id') ?? undefined,
    secret: undefined,
    assertion: form.get('client_assertion') ?? undefined,
  };
}
