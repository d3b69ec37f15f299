import { systemActor } from '../identity/actors.js';
import { createOperatorKey, listOperatorKeys, revokeOperatorKey } from '../identity/operator/keys.js';
import { operatorTenant } from '../identity/tenants/operator-tenant.js';
import {
  CommandError,
  exitCodes,
  findNamed,
  textOf,
  UsageError,
  type Command,
  type OptionValues,
} from './command.js';
import { withCore } from './server-core.js';

const nameOption = { type: 'string', value: 'NAME', describe: 'the key’s name', required: true } as const;

/** As in the API. */
const maxNameLength = 200;

function nameOf(values: OptionValues): string {
  const name = (textOf(values, 'name') ?? '').trim();
  if (name === '' || name.length > maxNameLength)
    throw new UsageError(`--name must have 1 to ${maxNameLength} characters`);
  return name;
}

function expiryOf(values: OptionValues, now: Date): Date | null {
  const text = textOf(values, 'expires');
  if (text === undefined) return null;
  const expiresAt = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(expiresAt.getTime()))
    throw new UsageError('--expires must be an instant such as 2027-01-31T00:00:00Z');
  if (expiresAt <= now) throw new UsageError('--expires must be in the future');
  return expiresAt;
}

export const operatorKeyCreateCommand: Command = {
  name: 'operator-key create',
  summary: 'create a key of the operator, who manages all tenants, and print it, this once',
  options: {
    name: nameOption,
    expires: { type: 'string', value: 'INSTANT', describe: 'when it ends; never unless given' },
  },
  positionals: [],
  run: ({ values, terminal, report }) =>
    withCore(terminal, async (core) => {
      const name = nameOf(values);
      const expiresAt = expiryOf(values, core.clock.now());
      const actor = systemActor(operatorTenant.id, 'gatehouse operator-key create');
      const { document, key } = await createOperatorKey(core, actor, { name, expiresAt });
      report({ id: document._id, name, expiresAt: expiresAt?.toISOString() ?? null, key }, [key]);
      return exitCodes.ok;
    }),
};

export const operatorKeyListCommand: Command = {
  name: 'operator-key list',
  summary: 'list the keys of the operator; never their values',
  options: {},
  positionals: [],
  run: ({ terminal, report }) =>
    withCore(
      terminal,
      async (core) => {
        const items = (await listOperatorKeys(core)).map((key) => ({
          id: key._id,
          name: key.name,
          prefix: key.prefix,
          createdAt: key.createdAt.toISOString(),
          lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
          expiresAt: key.expiresAt?.toISOString() ?? null,
        }));
        report(
          { items },
          items.map(
            ({ name, prefix, lastUsedAt }) => `${prefix}...  ${name}  last used: ${lastUsedAt ?? 'never'}`,
          ),
        );
        return exitCodes.ok;
      },
      'read',
    ),
};

export const operatorKeyRevokeCommand: Command = {
  name: 'operator-key revoke',
  summary: 'revoke a key of the operator at once',
  options: { name: { ...nameOption, describe: 'the key’s name or id' } },
  positionals: [],
  run: ({ values, terminal, report }) =>
    withCore(terminal, async (core) => {
      const name = nameOf(values);
      const key = findNamed(await listOperatorKeys(core), name);
      if (!key) throw new CommandError(exitCodes.failed, `there is no operator key ${name}`);
      await revokeOperatorKey(core, systemActor(operatorTenant.id, 'gatehouse operator-key revoke'), key._id);
      report({ revoked: key._id, name: key.name }, [`revoked ${key.name} (${key.prefix}...)`]);
      return exitCodes.ok;
    }),
};
