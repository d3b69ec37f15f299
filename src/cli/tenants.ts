import { systemActor } from '../identity/actors.js';
import { parseEmail } from '../identity/email.js';
import {
  countUsersOfEach,
  createCustomer,
  customerStatusOf,
  type CustomerInput,
} from '../identity/operator/customers.js';
import { operatorTenant } from '../identity/tenants/operator-tenant.js';
import { listCustomers, type TenantDocument } from '../identity/tenants/tenants.js';
import { exitCodes, textOf, UsageError, type Command, type OptionValues } from './command.js';
import { withCore } from './server-core.js';

function inputOf(values: OptionValues): CustomerInput {
  const slug = textOf(values, 'slug') ?? '';
  const email = textOf(values, 'administrator');
  if (email !== undefined && !parseEmail(email)) throw new UsageError('--administrator is not an address');
  return {
    slug,
    name: textOf(values, 'name') ?? slug,
    preset: textOf(values, 'preset') ?? 'default',
    settings: {},
    externalId: textOf(values, 'external-id'),
    ...(email !== undefined && { administrator: { email } }),
  };
}

const factsOf = (tenant: TenantDocument) => ({
  id: tenant._id,
  slug: tenant.slug,
  name: tenant.name,
  externalId: tenant.externalId ?? null,
});

export const tenantCreateCommand: Command = {
  name: 'tenant create',
  summary:
    'create a tenant for a customer and invite its administrator; the same --external-id makes none again',
  options: {
    slug: { type: 'string', value: 'SLUG', describe: 'its short name in addresses', required: true },
    name: { type: 'string', value: 'NAME', describe: 'its name; the slug unless given' },
    preset: { type: 'string', value: 'PRESET', describe: 'the preset it begins with; default unless given' },
    'external-id': { type: 'string', value: 'ID', describe: 'how your own system names it' },
    administrator: { type: 'string', value: 'ADDRESS', describe: 'who is invited as its administrator' },
  },
  positionals: [],
  run: ({ values, terminal, report }) =>
    withCore(terminal, async (core) => {
      const input = inputOf(values);
      const actor = systemActor(operatorTenant.id, 'gatehouse tenant create');
      const { tenant, isNew, invitation } = await createCustomer(core, actor, input);
      report({ ...factsOf(tenant), isNew, invitation }, [
        `${isNew ? 'created' : 'there is already'} ${tenant.slug} (${tenant._id})`,
        ...(invitation ? [`${invitation.email}: ${invitation.outcome}`] : []),
      ]);
      return exitCodes.ok;
    }),
};

export const tenantListCommand: Command = {
  name: 'tenant list',
  summary: 'list the tenants of customers',
  options: {},
  positionals: [],
  run: ({ terminal, report }) =>
    withCore(
      terminal,
      async (core) => {
        const tenants = (await listCustomers(core)).filter(({ status }) => status !== 'erasing');
        const ids = tenants.map(({ _id }) => _id);
        const counts = await countUsersOfEach(core, ids);
        const items = tenants.map((tenant, index) => {
          return { ...factsOf(tenant), status: customerStatusOf(tenant), users: counts[index] ?? 0 };
        });
        report(
          { items },
          items.map(({ slug, name, status, users }) => `${slug}  ${name}  ${status}  ${users} users`),
        );
        return exitCodes.ok;
      },
      'read',
    ),
};
