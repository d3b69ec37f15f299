import type { IncomingHttpHeaders } from 'node:http';
import type { Core } from '../../identity/core.js';
import { secretOf } from '../directory-clients/client-authentication.js';
import { findDirectoryClient } from '../directory-clients/live-client.js';
import { applicationSecretMatches, findApplicationByClientId } from './clients.js';

interface Credentials {
  id: string;
  secret: string;
}

function credentialsOf(header: string | undefined): Credentials | undefined {
  const [, encoded] = /^basic ([a-z0-9+/]+={0,2})$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

async function arePlain(core: Core, { id, secret }: Credentials): Promise<boolean> {
  const application = await findApplicationByClientId(core, id);
  if (application) return applicationSecretMatches(application, secret, core.clock.now());
  const client = await findDirectoryClient(core, id);
  return client !== undefined && secretOf(client, secret) !== undefined;
}

/**
 * Client id and secret stand form-encoded in a Basic header (RFC 6749 section 2.3.1), and the library decodes them. Several client libraries
 * send them plain, among them Authlib and requests-oauthlib: a secret with `+` or `%` in it would then be read as another one. Plain ones are
 * encoded here when they are right so, or when they cannot be encoded ones.
 */
export async function encodePlainCredentials(core: Core, headers: IncomingHttpHeaders): Promise<void> {
  const sent = credentialsOf(headers.authorization);
  if (!sent) return;
  const text = `${sent.id}:${sent.secret}`;
  // Without these two it reads alike both ways.
  if (!/[+%]/.test(text)) return;
  if (isDecodable(text) && !(await arePlain(core, sent))) return;
  const encoded = `${encodeURIComponent(sent.id)}:${encodeURIComponent(sent.secret)}`;
  headers.authorization = `Basic ${Buffer.from(encoded).toString('base64')}`;
}
