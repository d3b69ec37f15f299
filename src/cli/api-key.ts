import { systemActor } from '../identity/actors.js';
import { createApiKey, listApiKeys, revokeApiKey } from '../identity/applications/api-keys.js';
import { tenantConfig } from '../identity/tenants/config.js';
import { CommandError, exitCodes, findNamed, textOf, type Command } from './command.js';
import { withCore } from './server-core.js';
import { tenantOf, tenantOption } from './tenant.js';

const nameOption = { type: 'string', value: 'NAME', describe: 'the key’s name', required: true } as const;

export const apiKeyCreateCommand: Command = {
  name: 'api-key create',
  summary: 'create a key for the API and print it, this once',
  options: {
    name: nameOption,
    role: {
      type: 'string',
      value: 'ROLE',
      describe: 'a role of the tenant: what the key may do; an administrator’s unless given',
    },
    tenant: tenantOption,
  },
  positionals: [],
  run: ({ values, terminal, report }) =>
    withCore(terminal, async (core) => {
      const tenant = await tenantOf(core, values);
      const [administrator = ''] = (await tenantConfig(core, tenant._id)).administratorRoles;
      const role = textOf(values, 'role') ?? administrator;
      const name = textOf(values, 'name') ?? '';
      const actor = systemActor(tenant._id, 'gatehouse api-key create');
      const { document, key } = await createApiKey(core, actor, { name, role });
      report({ id: document._id, name, role, tenant: tenant.slug, key }, [key]);
      return exitCodes.ok;
    }),
};

export const apiKeyRevokeCommand: Command = {
  name: 'api-key revoke',
  summary: 'revoke a key for the API at once',
  options: { name: nameOption, tenant: tenantOption },
  positionals: [],
  run: ({ values, terminal, report }) =>
    withCore(terminal, async (core) => {
      const tenant = await tenantOf(core, values);
      const name = textOf(values, 'name') ?? '';
      const key = findNamed(await listApiKeys(core, tenant._id), name);
      if (!key) throw new CommandError(exitCodes.failed, `${tenant.slug} has no API key ${name}`);
      await revokeApiKey(core, systemActor(tenant._id, 'gatehouse api-key revoke'), key._id);
      report({ revoked: key._id, name: key.name, tenant: tenant.slug }, [
        `revoked ${key.name} (${key.prefix}...)`,
      ]);
      return exitCodes.ok;
    }),
};
