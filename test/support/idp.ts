import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createRemoteJWKSet,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  UnsecuredJWT,
  type JWTPayload,
} from 'jose';

/** Who signs in next at the provider. */
interface IdpPerson {
  sub: string;
  email?: string | undefined;
  email_verified?: boolean | undefined;
  given_name?: string;
  family_name?: string;
  [claim: string]: unknown;
}

/** Ways to misbehave; each holds until it is taken back. */
export interface IdpMisbehaviour {
  /** Changes the ID token's claims before it is signed; a claim set to undefined is left out. */
  claims?: (claims: JWTPayload) => JWTPayload;
  /** Signs with a key that is not published, with none at all, or with the client secret. */
  signature?: 'forged' | 'none' | 'client_secret' | 'forged_with_jwk_header';
  /** Its ID tokens name no key, of one published (`absent`) or of two that fit (`ambiguous`). */
  kid?: 'absent' | 'ambiguous';
  /** Changes what is sent back to the relying party; a parameter set to undefined is left out. */
  response?: (params: Record<string, string | undefined>) => Record<string, string | undefined>;
  /** Changes the discovery document. */
  metadata?: (document: Record<string, unknown>) => Record<string, unknown>;
  /** Changes the userinfo answer. */
  userinfo?: (claims: Record<string, unknown>) => Record<string, unknown>;
  /** Changes what the token endpoint answers with. */
  tokenAnswer?: (body: Record<string, unknown>) => Record<string, unknown>;
  /** The token endpoint refuses so. */
  tokenError?: { status: number; error: string; error_description?: string };
  /** Takes a code as often as it comes. */
  keepsCodes?: boolean;
  /** Signs its userinfo answers. */
  signsUserinfo?: boolean;
  /** Answers these paths with this status and no sense. */
  broken?: { path: string; status: number };
}

interface Code {
  person: IdpPerson;
  nonce: string | undefined;
  challenge: string | undefined;
  clientId: string;
  redirectUri: string;
}

/** A company's OpenID provider on loopback: real discovery, keys, codes with PKCE, tokens. Signs in {@link Idp.person} without asking. */
export interface Idp {
  readonly issuer: string;
  person: IdpPerson;
  misbehaviour: IdpMisbehaviour;
  /** Every authorization request it got, newest last. */
  readonly requests: URLSearchParams[];
  /** How the client's secret came with each token request, newest last. */
  readonly secretsBy: ('basic' | 'post' | 'key')[];
  /** Where the client's public keys are; absent: it is known by its secret. */
  clientKeysUri?: string | undefined;
  /** The secret it takes in place of the client's. */
  clientSecret?: string | undefined;
  /** Signs with a new key from now on, without notice. */
  rotateKey(): Promise<void>;
  /** How often a path was asked for. */
  readonly hits: Map<string, number>;
  /** Signs a logout token (or whatever the change makes of it) with the published key. */
  logoutToken(claims: JWTPayload, header?: { typ?: string | undefined }): Promise<string>;
  stop(): Promise<void>;
}

export const idpClient = { clientId: 'gatehouse', clientSecret: 'a client secret for tests' };

const form = async (req: IncomingMessage): Promise<URLSearchParams> => {
  let text = '';
  for await (const part of req) text += String(part);
  return new URLSearchParams(text);
};

const json = (res: ServerResponse, body: unknown, status = 200): void => {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** The client's credentials from the body (client_secret_post) or the Authorization header (client_secret_basic). */
function isClient(
  req: IncomingMessage,
  params: URLSearchParams,
  clientSecret = idpClient.clientSecret,
): boolean {
  if (params.has('client_secret'))
    return params.get('client_id') === idpClient.clientId && params.get('client_secret') === clientSecret;
  const [, encoded = ''] = (req.headers.authorization ?? '').split(' ');
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString().split(':');
  const plain = (text: string): string => decodeURIComponent(text.replace(/\+/g, '%20'));
  return plain(id) === idpClient.clientId && plain(secret) === clientSecret;
}

/** Whether a client assertion (RFC 7523) is signed by a key at this address, for this issuer. */
async function isSignedFor(params: URLSearchParams, issuer: string, keysUri: string): Promise<boolean> {
  const expected = { issuer: idpClient.clientId, subject: idpClient.clientId, audience: issuer };
  const keys = createRemoteJWKSet(new URL(keysUri));
  return jwtVerify(params.get('client_assertion') ?? '', keys, expected).then(
    () => true,
    () => false,
  );
}

const keepsCode = ({ misbehaviour }: Idp, refusal: IdpMisbehaviour['tokenError']): boolean =>
  misbehaviour.keepsCodes === true || refusal?.error === 'invalid_client';

function shownBy(params: URLSearchParams): 'basic' | 'post' | 'key' {
  if (params.has('client_assertion')) return 'key';
  return params.has('client_secret') ? 'post' : 'basic';
}

const isFor = (code: Code, params: URLSearchParams): boolean =>
  params.get('redirect_uri') === code.redirectUri &&
  code.challenge === sha256(params.get('code_verifier') ?? '');

/** @param options.alg - what it signs with. */
export async function startIdp(
  options: { alg?: 'RS256' | 'ES256' | 'EdDSA'; host?: string } = {},
): Promise<Idp> {
  const alg = options.alg ?? 'RS256';
  const foreign = await generateKeyPair(alg);
  let kid = 'key-1';
  let keys = await generateKeyPair(alg);
  let publicJwk = { ...(await exportJWK(keys.publicKey)), kid, alg, use: 'sig' };
  const otherJwk = { ...(await exportJWK(foreign.publicKey)), kid: 'other', alg, use: 'sig' };
  const codes = new Map<string, Code>();
  const people = new Map<string, IdpPerson>();

  async function sign(payload: JWTPayload): Promise<string> {
    const claims = JSON.parse(JSON.stringify(idp.misbehaviour.claims?.(payload) ?? payload)) as JWTPayload;
    const { signature, kid: named } = idp.misbehaviour;
    const header = { alg, ...(named === undefined && { kid }), typ: 'JWT' };
    if (signature === 'none') return new UnsecuredJWT(claims).encode();
    if (signature === 'client_secret') {
      const secret = new TextEncoder().encode(idpClient.clientSecret.padEnd(32, ' '));
      return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    }
    if (signature === undefined) return new SignJWT(claims).setProtectedHeader(header).sign(keys.privateKey);
    const jwk = signature === 'forged_with_jwk_header' && { jwk: await exportJWK(foreign.publicKey) };
    return new SignJWT(claims).setProtectedHeader({ ...header, ...jwk }).sign(foreign.privateKey);
  }

  function authorize(res: ServerResponse, params: URLSearchParams): void {
    idp.requests.push(params);
    const code = randomBytes(16).toString('hex');
    codes.set(code, {
      person: idp.person,
      nonce: params.get('nonce') ?? undefined,
      challenge: params.get('code_challenge') ?? undefined,
      clientId: params.get('client_id') ?? '',
      redirectUri: params.get('redirect_uri') ?? '',
    });
    const answer = { code, state: params.get('state') ?? undefined, iss: idp.issuer };
    const target = new URL(params.get('redirect_uri') ?? '');
    for (const [name, value] of Object.entries(idp.misbehaviour.response?.(answer) ?? answer)) {
      if (value !== undefined) target.searchParams.set(name, value);
    }
    res.writeHead(302, { location: target.href }).end();
  }

  async function tokenRefusal(
    req: IncomingMessage,
    params: URLSearchParams,
    code: Code | undefined,
  ): Promise<IdpMisbehaviour['tokenError']> {
    if (idp.misbehaviour.tokenError) return idp.misbehaviour.tokenError;
    const isKnown =
      idp.clientKeysUri === undefined
        ? isClient(req, params, idp.clientSecret)
        : await isSignedFor(params, idp.issuer, idp.clientKeysUri);
    if (!isKnown) return { status: 401, error: 'invalid_client' };
    return code && isFor(code, params) ? undefined : { status: 400, error: 'invalid_grant' };
  }

  async function token(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const params = await form(req);
    const code = codes.get(params.get('code') ?? '');
    idp.secretsBy.push(shownBy(params));
    const refusal = await tokenRefusal(req, params, code);
    if (!keepsCode(idp, refusal)) codes.delete(params.get('code') ?? '');
    if (refusal || !code) {
      const { status = 400, ...body } = refusal ?? {};
      json(res, body, status);
      return;
    }
    const now = Math.floor(Date.now() / 1000);
    const accessToken = randomBytes(16).toString('hex');
    people.set(accessToken, code.person);
    const idToken = await sign({
      ...code.person,
      iss: idp.issuer,
      aud: code.clientId,
      iat: now,
      exp: now + 300,
      ...(code.nonce !== undefined && { nonce: code.nonce }),
    });
    const body = { access_token: accessToken, token_type: 'Bearer', expires_in: 300, id_token: idToken };
    json(res, idp.misbehaviour.tokenAnswer?.(body) ?? body);
  }

  function metadata(): Record<string, unknown> {
    const document = {
      issuer: idp.issuer,
      authorization_endpoint: `${idp.issuer}/authorize`,
      token_endpoint: `${idp.issuer}/token`,
      userinfo_endpoint: `${idp.issuer}/userinfo`,
      jwks_uri: `${idp.issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [alg, 'none', 'HS256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    };
    return idp.misbehaviour.metadata?.(document) ?? document;
  }

  async function userinfo(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const claims = { ...people.get((req.headers.authorization ?? '').split(' ')[1] ?? '') };
    const told = idp.misbehaviour.userinfo?.(claims) ?? claims;
    if (idp.misbehaviour.signsUserinfo !== true) {
      json(res, told);
      return;
    }
    const signed = await new SignJWT({ ...told, iss: idp.issuer, aud: idpClient.clientId })
      .setProtectedHeader({ alg, kid })
      .sign(keys.privateKey);
    res.writeHead(200, { 'content-type': 'application/jwt' }).end(signed);
  }

  const routes: Record<string, (req: IncomingMessage, res: ServerResponse, url: URL) => unknown> = {
    '/.well-known/openid-configuration': (_req, res) => json(res, metadata()),
    '/jwks': (_req, res) =>
      json(res, { keys: idp.misbehaviour.kid === 'ambiguous' ? [otherJwk, publicJwk] : [publicJwk] }),
    '/authorize': (_req, res, url) => authorize(res, url.searchParams),
    '/token': token,
    '/userinfo': userinfo,
  };

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', idp.issuer);
    idp.hits.set(url.pathname, (idp.hits.get(url.pathname) ?? 0) + 1);
    const { broken } = idp.misbehaviour;
    if (broken?.path === url.pathname) {
      res.writeHead(broken.status, { 'content-type': 'text/html' }).end('<h1>Oops</h1>');
      return;
    }
    const route = routes[url.pathname];
    if (route) await route(req, res, url);
    else res.writeHead(404).end();
  }

  const server = createServer((req, res) => void answer(req, res));
  const host = options.host ?? '127.0.0.2';
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const idp: Idp = {
    issuer: `http://${host}:${(server.address() as AddressInfo).port}`,
    person: { sub: 'person-1' },
    misbehaviour: {},
    requests: [],
    secretsBy: [],
    async rotateKey() {
      kid = `key-${Number(kid.slice(4)) + 1}`;
      keys = await generateKeyPair(alg);
      publicJwk = { ...(await exportJWK(keys.publicKey)), kid, alg, use: 'sig' };
    },
    hits: new Map(),
    logoutToken: (claims, header = { typ: 'logout+jwt' }) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg, kid, ...(header.typ !== undefined && { typ: header.typ }) })
        .sign(keys.privateKey),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return idp;
}
