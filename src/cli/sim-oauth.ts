import { readFile } from 'node:fs/promises';
import type { JWK } from 'jose';
import { fetchAccessToken, oauthWays, TokenRefused, type OauthCredentials } from '../sim/access-token.js';
import { ServerAway } from '../sim/scim-client.js';
import {
  CommandError,
  exitCodes,
  textOf,
  UsageError,
  type OptionDefinition,
  type OptionValues,
} from './command.js';

/** How a simulated provider gets its access token. */
export const oauthOptions: Readonly<Record<string, OptionDefinition>> = {
  oauth: {
    type: 'string',
    value: 'WAY',
    describe: `get an access token in place of --token: ${oauthWays.join(', ')}`,
  },
  'client-id': { type: 'string', value: 'ID', describe: 'of the OAuth client (basic, post, assertion)' },
  'client-secret': { type: 'string', value: 'SECRET', describe: 'of the OAuth client (basic, post)' },
  key: { type: 'string', value: 'FILE', describe: 'the client’s private key as a JWK (assertion)' },
  assertion: { type: 'string', value: 'FILE', describe: 'a JWT of the federated issuer (federation)' },
};

function needed(values: OptionValues, name: string, way: string): string {
  const text = textOf(values, name);
  if (text === undefined) throw new UsageError(`--oauth ${way} needs --${name}`);
  return text;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    throw new CommandError(exitCodes.noInput, `cannot read ${path}`);
  }
}

async function readKey(path: string): Promise<JWK> {
  const text = await readText(path);
  try {
    return JSON.parse(text) as JWK;
  } catch {
    throw new CommandError(exitCodes.data, `${path} holds no JSON`);
  }
}

async function credentialsOf(values: OptionValues, text: string): Promise<OauthCredentials> {
  const way = oauthWays.find((known) => known === text);
  if (way === undefined)
    throw new UsageError(`there is no way ${text} for --oauth; there are ${oauthWays.join(', ')}`);
  if (way === 'federation') {
    return { way, assertion: (await readText(needed(values, 'assertion', way))).trim() };
  }
  const clientId = needed(values, 'client-id', way);
  if (way === 'assertion') return { way, clientId, key: await readKey(needed(values, 'key', way)) };
  return { way, clientId, clientSecret: needed(values, 'client-secret', way) };
}

/**
 * The access token that `--oauth` asks for.
 *
 * @returns undefined without that option.
 * @throws UsageError, CommandError.
 */
export async function oauthToken(values: OptionValues): Promise<string | undefined> {
  const way = textOf(values, 'oauth');
  if (way === undefined) return undefined;
  if (textOf(values, 'token') !== undefined) throw new UsageError('give --token or --oauth, not both');
  const credentials = await credentialsOf(values, way);
  const server = (textOf(values, 'server') ?? 'http://localhost:3000').replace(/\/$/, '');
  try {
    return await fetchAccessToken(server, credentials);
  } catch (error) {
    if (error instanceof TokenRefused) throw new CommandError(exitCodes.failed, error.message);
    if (error instanceof ServerAway) throw new CommandError(exitCodes.unavailable, error.message);
    throw error;
  }
}
