import { AppError } from '../../shared/errors.js';
import { createClient, updateClient } from '../directories/clients.js';
import { createDirectory, findDirectoryByName, updateDirectory } from '../directories/directories.js';
import { createToken, listTokens, replaceToken } from '../directories/tokens.js';
import { idIn, pick, placeIn } from './entry-places.js';
import { applyEntry, at, each, type Run } from './run.js';
import type { BootstrapClient, BootstrapDirectory } from './schema.js';

type DirectoryFields = Omit<BootstrapDirectory, 'tokens' | 'clients'>;
const googlePrefix = 'google.';

/** What a directory pulls from, each part as a field of its own: a key that was replaced here stays when another part of it changes. */
function flatFields({ google, ...others }: DirectoryFields): Record<string, unknown> {
  const parts = Object.entries(google ?? {}).map(([name, value]) => [`${googlePrefix}${name}`, value]);
  return { ...others, ...(Object.fromEntries(parts) as Record<string, unknown>) };
}

/** The opposite of {@link flatFields}. */
function nested(fields: Record<string, unknown>): Partial<DirectoryFields> {
  const isPart = ([name]: [string, unknown]): boolean => name.startsWith(googlePrefix);
  const parts = Object.entries(fields).filter(isPart);
  const google = Object.fromEntries(parts.map(([name, value]) => [name.slice(googlePrefix.length), value]));
  const others = Object.fromEntries(Object.entries(fields).filter((entry) => !isPart(entry)));
  return { ...others, ...(parts.length > 0 && { google }) } as Partial<DirectoryFields>;
}

/** Applies a directory with its tokens and clients. */
export async function applyDirectory(run: Run, entry: BootstrapDirectory, path: string): Promise<void> {
  const { core, actor } = run;
  const { tokens, clients, ...input } = entry;
  const fields = flatFields(input);
  const id = await at(path, () =>
    withRulesPath(() =>
      applyEntry(run, {
        place: placeIn(run, 'directory', entry.name),
        path,
        fields,
        idOf: ({ _id }) => _id,
        find: () => findDirectoryByName(core, actor.tenantId, entry.name),
        get: (found) => idIn(run, 'directories').get(found),
        create: async () => (await createDirectory(core, actor, input))._id,
        update: ({ _id }, names, options) =>
          updateDirectory(core, actor, _id, nested(pick(fields, names)), options),
      }),
    ),
  );
  if (id === undefined) return;
  await each(tokens, `${path}.tokens`, async (token, where) => {
    await applyEntry(run, {
      place: placeIn(run, 'token', `${entry.name}/${token.name}`),
      path: where,
      fields: token,
      idOf: ({ _id }) => _id,
      find: async () =>
        (await listTokens(core, actor.tenantId, id)).findLast(({ name }) => name === token.name),
      get: (found) => idIn(run, 'scim_tokens').get(found),
      create: async () => (await createToken(core, actor, id, token)).document._id,
      update: ({ _id }, _names, options) => replaceToken(core, actor, id, _id, token.token, options),
    });
  });
  await each(clients, `${path}.clients`, (client, where) =>
    applyClient(run, { id, name: entry.name }, client, where),
  );
}

/** A client as the domain takes it; a file that gives it no secret means none. */
function inputOfClient({ expiresAt, ...entry }: Partial<BootstrapClient>) {
  const end = typeof expiresAt === 'string' ? new Date(expiresAt) : expiresAt;
  return { ...entry, ...(end !== undefined && { expiresAt: end }) };
}

async function applyClient(
  run: Run,
  directory: { id: string; name: string },
  entry: BootstrapClient,
  path: string,
): Promise<void> {
  const { core, actor } = run;
  await applyEntry(run, {
    place: placeIn(run, 'client', `${directory.name}/${entry.name}`),
    path,
    fields: entry,
    idOf: ({ _id }) => _id,
    find: () => idIn(run, 'scim_clients').findOne({ _id: entry.clientId, directoryId: directory.id }),
    get: (found) => idIn(run, 'scim_clients').get(found),
    create: async () => {
      const input = { ...inputOfClient(entry), name: entry.name, clientSecret: entry.clientSecret ?? null };
      return (await createClient(core, actor, directory.id, input)).client._id;
    },
    update: ({ _id }, names, options) => {
      if (names.has('clientId') && _id !== entry.clientId) {
        const detail = 'cannot be changed: give the new client another name';
        throw new AppError('input.invalid', detail, { errors: [{ pointer: '/clientId', detail }] });
      }
      const { clientId: _, ...change } = inputOfClient(pick(entry, names));
      return updateClient(core, actor, directory.id, _id, change, options);
    },
  });
}

/** Rules are checked as a list of their own: their pointers get the list's name in front. */
async function withRulesPath<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || !error.errors.some(({ pointer }) => /^\/\d/.test(pointer)))
      throw error;
    const errors = error.errors.map(({ pointer, detail }) => ({ pointer: `/roleRules${pointer}`, detail }));
    throw new AppError(error.code, error.message, { errors, cause: error });
  }
}
