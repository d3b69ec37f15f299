import { isDeepStrictEqual } from 'node:util';
import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import { hashToken } from '../../shared/ids.js';
import { storedEntry } from '../directories/attribute-mapping.js';
import { keptKeys } from '../directories/client-keys.js';
import type { ScimClientDocument } from '../directories/clients.js';
import { isSameAccount } from '../directories/google-source.js';
import { compare, differing, sameIf, type Fields, type Look } from './comparison.js';
import type { Core } from '../core.js';
import type { BootstrapClient, BootstrapDirectory, BootstrapTenant } from './schema.js';

function shownClient(
  { clientSecret, jwks, expiresAt }: BootstrapClient,
  document: ScimClientDocument,
): Fields {
  const hash = clientSecret ? hashToken(clientSecret) : null;
  const stands = document.secrets.some((secret) => secret.hash === hash);
  const end = expiresAt ? new Date(expiresAt).getTime() : null;
  return {
    ...document,
    clientId: document._id,
    clientSecret: sameIf(hash === null ? document.secrets.length === 0 : stands, clientSecret),
    jwks: sameIf(isDeepStrictEqual(keptKeys(jwks ?? null), document.jwks), jwks),
    expiresAt: sameIf(end === (document.expiresAt?.getTime() ?? null), expiresAt),
  };
}

/** The file's own words where each of them holds here. */
function shownGoogle(
  core: Core,
  entry: BootstrapDirectory['google'],
  { google }: DirectoryDocument,
): unknown {
  if (!entry || !google) return google ?? null;
  const { serviceAccount, ...said } = entry;
  const isSame = differing(said, { ...google }).length === 0;
  const isSameKey = serviceAccount === undefined || isSameAccount(core, google, serviceAccount);
  return sameIf(isSame && isSameKey, entry);
}

function shownMapping(
  { attributeMapping: said = [] }: BootstrapDirectory,
  { attributeMapping: stands = [] }: DirectoryDocument,
): unknown {
  return isDeepStrictEqual(said.map(storedEntry), stands) ? said : stands;
}

/** What of a file’s directories, tokens and clients is otherwise here, by JSON path. */
export async function overriddenDirectories(
  look: Look,
  entries: NonNullable<BootstrapTenant['directories']>,
  path: string,
): Promise<string[]> {
  const scope = look.core.store.tenant(look.tenantId);
  const directories = await scope.collection('directories').find({});
  const tokens = await scope.collection('scim_tokens').find({});
  const clients = await scope.collection('scim_clients').find({});
  const own = entries.map(({ tokens: _, clients: __, ...entry }) => entry);
  const lines = compare(
    look,
    { kind: 'directory', path, entries: own },
    ({ name }) => name,
    directories,
    (entry, document) => ({
      ...document,
      kind: document.kind ?? 'scim',
      google: shownGoogle(look.core, entry.google, document),
      roleRules: document.roleRules.map(({ when, grant }) => ({ when, grant })),
      attributeMapping: shownMapping(entry, document),
    }),
  );
  const inside = entries.flatMap(({ name, tokens: list }, index) =>
    compare(
      look,
      { kind: 'token', path: `${path}[${index}].tokens`, entries: list },
      (token) => `${name}/${token.name}`,
      tokens,
      (entry, document) => ({
        token: sameIf(hashToken(entry.token) === document.tokenHash, entry.token),
      }),
    ),
  );
  const insideClients = entries.flatMap(({ name, clients: list }, index) =>
    compare(
      look,
      { kind: 'client', path: `${path}[${index}].clients`, entries: list },
      (client) => `${name}/${client.name}`,
      clients,
      shownClient,
    ),
  );
  return [...lines, ...inside, ...insideClients];
}
