import { z } from 'zod';
import { createGuardedFetch, OutboundRefused, type GuardedFetch } from '../infrastructure/guarded-fetch.js';
import type { SsoConnectionDocument } from '../persistence/collections/tenants.js';
import type { Core } from './core.js';

/** One thing that has to hold for sign-ins to work. */
export interface ConnectionCheck {
  name: string;
  ok: boolean;
  detail: string;
}

const metadataSchema = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
  response_types_supported: z.array(z.string()).optional(),
  code_challenge_methods_supported: z.array(z.string()).optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
});

type Metadata = z.output<typeof metadataSchema>;

function reasonOf(error: unknown): string {
  if (error instanceof OutboundRefused) return error.message;
  if (error instanceof Error && error.name === 'TimeoutError') return 'the provider did not answer in time';
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code === undefined
    ? 'the provider could not be reached'
    : `the provider could not be reached (${code})`;
}

async function readJson(fetch: GuardedFetch, url: string): Promise<{ value?: unknown; fault?: string }> {
  try {
    const response = await fetch(url, { headers: { accept: 'application/json' } });
    if (response.status !== 200) return { fault: `${url} answers ${response.status}` };
    return { value: await response.json() };
  } catch (error) {
    return { fault: error instanceof SyntaxError ? `${url} does not answer JSON` : reasonOf(error) };
  }
}

function metadataChecks(connection: SsoConnectionDocument, metadata: Metadata): ConnectionCheck[] {
  const { response_types_supported: types, code_challenge_methods_supported: methods } = metadata;
  return [
    {
      name: 'issuer',
      ok: metadata.issuer === connection.issuer,
      detail: `the provider calls itself ${metadata.issuer}`,
    },
    {
      name: 'authorization code flow',
      ok: types?.includes('code') ?? true,
      detail: types ? `supports ${types.join(', ')}` : 'not said; taken for granted',
    },
    {
      name: 'PKCE',
      ok: methods?.includes('S256') ?? true,
      detail: methods ? `supports ${methods.join(', ')}` : 'not said; sent all the same',
    },
  ];
}

async function keysCheck(fetch: GuardedFetch, url: string): Promise<ConnectionCheck> {
  const { value, fault } = await readJson(fetch, url);
  const parsed = z.object({ keys: z.array(z.object({ kty: z.string() })).min(1) }).safeParse(value);
  if (parsed.success) return { name: 'keys', ok: true, detail: `${parsed.data.keys.length} public key(s)` };
  return { name: 'keys', ok: false, detail: fault ?? `${url} holds no key set` };
}

/**
 * Asks a connection's provider for its metadata and keys, as a sign-in would. Nothing is written, nobody is signed in.
 *
 * @returns every check that could be made, in order.
 */
export async function testConnection(
  core: Core,
  connection: SsoConnectionDocument,
): Promise<ConnectionCheck[]> {
  const fetch = createGuardedFetch({ allowPrivate: core.config.allowPrivateIssuers });
  const url = `${connection.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { value, fault } = await readJson(fetch, url);
  const parsed = metadataSchema.safeParse(value);
  if (!parsed.success) {
    const missing = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    return [{ name: 'discovery', ok: false, detail: fault ?? `${url} lacks ${missing}` }];
  }
  return [
    { name: 'discovery', ok: true, detail: url },
    ...metadataChecks(connection, parsed.data),
    await keysCheck(fetch, parsed.data.jwks_uri),
  ];
}
