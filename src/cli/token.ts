import { systemActor } from '../identity/actors.js';
import type { Actor, Core } from '../identity/core.js';
import { findDirectoryByName, type DirectoryDocument } from '../identity/directories/directories.js';
import {
  createToken,
  listTokens,
  revokeToken,
  rotateToken,
  type ScimTokenDocument,
} from '../identity/directories/tokens.js';
import {
  CommandError,
  exitCodes,
  findNamed,
  textOf,
  UsageError,
  type Command,
  type Invocation,
} from './command.js';
import { withCore } from './server-core.js';
import { tenantOf, tenantOption } from './tenant.js';

const options = {
  directory: { type: 'string', value: 'NAME', describe: 'the directory', required: true },
  name: { type: 'string', value: 'NAME', describe: 'the token’s name', required: true },
  tenant: tenantOption,
} as const;

interface Place {
  readonly actor: Actor;
  readonly directory: DirectoryDocument;
}

async function placeOf(core: Core, { values }: Invocation, label: string): Promise<Place> {
  const tenant = await tenantOf(core, values);
  const name = textOf(values, 'directory') ?? '';
  const directory = await findDirectoryByName(core, tenant._id, name);
  if (!directory) throw new CommandError(exitCodes.failed, `there is no directory ${name} in ${tenant.slug}`);
  return { actor: systemActor(tenant._id, `gatehouse ${label}`), directory };
}

/** The newest token of that name: after a rotation the old one, which ends by itself, has the same. */
async function tokenOf(
  core: Core,
  { actor, directory }: Place,
  { values }: Invocation,
): Promise<ScimTokenDocument> {
  const name = textOf(values, 'name') ?? '';
  const tokens = await listTokens(core, actor.tenantId, directory._id);
  const named = findNamed(tokens, name);
  const beginning = tokens.filter(
    (candidate) => name.length >= 8 && name.startsWith('gh_scim_') && candidate.prefix.startsWith(name),
  );
  const token = named ?? (beginning.length === 1 ? beginning[0] : undefined);
  if (!token) throw new CommandError(exitCodes.failed, `${directory.name} has no token ${name}`);
  return token;
}

function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} must be a whole number`);
  return Number(text);
}

function report(
  invocation: Invocation,
  { document, token }: { document: ScimTokenDocument; token: string },
): void {
  invocation.report({ id: document._id, name: document.name, token, expiresAt: document.expiresAt }, [token]);
}

export const tokenCreateCommand: Command = {
  name: 'token create',
  summary: 'create a SCIM token of a directory and print it, this once',
  options: {
    ...options,
    'expires-days': { type: 'string', value: 'N', describe: 'it ends after so many days; else never' },
  },
  positionals: [],
  run: (invocation) =>
    withCore(invocation.terminal, async (core) => {
      const { values } = invocation;
      const days = wholeNumber(textOf(values, 'expires-days'), 'expires-days');
      const { actor, directory } = await placeOf(core, invocation, 'token create');
      const expiresAt = days === undefined ? null : new Date(core.clock.now().getTime() + days * 86_400_000);
      const name = textOf(values, 'name') ?? '';
      const tokens = await listTokens(core, actor.tenantId, directory._id);
      if (tokens.some((token) => token.name === name)) {
        const why = `${directory.name} has a token ${name} already: rotate it, revoke it, or give another name`;
        throw new CommandError(exitCodes.failed, why);
      }
      report(invocation, await createToken(core, actor, directory._id, { name, expiresAt }));
      return exitCodes.ok;
    }),
};

const dayInSeconds = 86_400;

export const tokenRotateCommand: Command = {
  name: 'token rotate',
  summary: 'print a new token in place of one, which works on until the overlap is over',
  options: {
    ...options,
    overlap: {
      type: 'string',
      value: 'SECONDS',
      describe: 'how long the old one works on; a day unless said',
    },
  },
  positionals: [],
  run: (invocation) =>
    withCore(invocation.terminal, async (core) => {
      const overlap = wholeNumber(textOf(invocation.values, 'overlap'), 'overlap') ?? dayInSeconds;
      const place = await placeOf(core, invocation, 'token rotate');
      const token = await tokenOf(core, place, invocation);
      report(invocation, await rotateToken(core, place.actor, place.directory._id, token._id, overlap));
      return exitCodes.ok;
    }),
};

export const tokenRevokeCommand: Command = {
  name: 'token revoke',
  summary: 'revoke a token at once',
  options,
  positionals: [],
  run: (invocation) =>
    withCore(invocation.terminal, async (core) => {
      const place = await placeOf(core, invocation, 'token revoke');
      const token = await tokenOf(core, place, invocation);
      await revokeToken(core, place.actor, place.directory._id, token._id);
      invocation.report({ revoked: token._id }, [`revoked ${token.name} (${token.prefix}...)`]);
      return exitCodes.ok;
    }),
};
