import { randomBytes } from 'node:crypto';
import { systemActor } from '../identity/actors.js';
import type { Core } from '../identity/core.js';
import { parseEmail } from '../identity/email.js';
import { passwordFault, passwordRule } from '../identity/passwords/policy.js';
import { tenantConfig, type TenantConfig } from '../identity/tenants/config.js';
import { operatorTenant } from '../identity/tenants/operator-tenant.js';
import { slugRule, slugShape } from '../identity/tenants/slug.js';
import { createTenant, listCustomers, type TenantDocument } from '../identity/tenants/tenants.js';
import { activateUser, unlockUser } from '../identity/users/actions.js';
import { inputOf, withProfile } from '../identity/users/input.js';
import { createUser, findUserByLogin, updateUser, type UserDocument } from '../identity/users/users.js';
import { CommandError, exitCodes, textOf, UsageError, type Command, type Invocation } from './command.js';
import { withCore } from './server-core.js';
import { tenantOf, tenantOption } from './tenant.js';

const emailOption = { type: 'string', value: 'ADDRESS', describe: 'their address', required: true } as const;
const passwordOption = {
  type: 'boolean',
  describe: 'read the password from standard input; else one is made and printed',
} as const;

function emailOf({ values }: Invocation): string {
  const email = parseEmail(textOf(values, 'email') ?? '');
  if (!email) throw new UsageError('--email is not an address');
  return email.address;
}

/** The password to set, and whether it is one we made and have to tell. */
async function passwordOf(
  { values, terminal }: Invocation,
  config: TenantConfig,
  email: string,
): Promise<{ password: string; isMade: boolean }> {
  if (values['password-stdin'] !== true) {
    const bytes = Math.max(18, config.settings['password.minLength']);
    return { password: randomBytes(bytes).toString('base64url'), isMade: true };
  }
  const password = (await terminal.readInput()).replace(/\r?\n$/, '');
  const fault = passwordFault(password, passwordRule(config), { userName: email });
  if (fault !== undefined) throw new CommandError(exitCodes.data, `the password ${fault}`);
  return { password, isMade: false };
}

function report(invocation: Invocation, user: UserDocument, slug: string, made: string | undefined): void {
  const result = {
    id: user._id,
    email: user.email,
    tenant: slug,
    ...(made !== undefined && { password: made }),
  };
  invocation.report(result, [
    `${user.email ?? user.userName} administers ${slug}`,
    ...(made === undefined ? [] : [`password: ${made}`]),
  ]);
}

/** The tenant that is named; on a server without any, the first one. */
async function tenantToAdminister(core: Core, { values }: Invocation): Promise<TenantDocument> {
  if (textOf(values, 'tenant') === operatorTenant.slug || (await listCustomers(core)).length > 0)
    return tenantOf(core, values);
  const slug = textOf(values, 'tenant') ?? 'main';
  if (!slugShape.test(slug)) throw new UsageError(`--tenant ${slugRule}`);
  return createTenant(core, { slug, name: slug, preset: 'default', settings: {} });
}

function administratorRole(config: TenantConfig): string {
  const [role] = config.administratorRoles;
  if (role === undefined) throw new Error('every preset has an administrator');
  return role;
}

export const adminCreateCommand: Command = {
  name: 'admin create',
  summary: 'create an administrator, and the first tenant if none exists',
  options: {
    email: emailOption,
    'given-name': { type: 'string', value: 'NAME', describe: 'their first name' },
    'family-name': { type: 'string', value: 'NAME', describe: 'their last name' },
    'password-stdin': passwordOption,
    tenant: tenantOption,
  },
  positionals: [],
  run: (invocation) =>
    withCore(invocation.terminal, async (core) => {
      const email = emailOf(invocation);
      const tenant = await tenantToAdminister(core, invocation);
      const config = await tenantConfig(core, tenant._id);
      const { password, isMade } = await passwordOf(invocation, config, email);
      const { values } = invocation;
      const names = {
        givenName: textOf(values, 'given-name') ?? null,
        familyName: textOf(values, 'family-name') ?? null,
      };
      const user = await createUser(
        core,
        systemActor(tenant._id, 'gatehouse admin create'),
        {
          userName: email,
          externalId: null,
          attributes: withProfile({}, { email, ...names }),
          active: true,
          approved: true,
          password,
          roles: [administratorRole(config)],
        },
        { activated: true, lacksRequired: true },
      );
      report(invocation, user, tenant.slug, isMade ? password : undefined);
      return exitCodes.ok;
    }),
};

/** As the user is, but let in: enabled, approved, without an end, with an administrator's role and this password. */
function recovered(user: UserDocument, role: string, password: string) {
  const manual = user.grants.filter((grant) => grant.type === 'manual').map((grant) => grant.role);
  return {
    ...inputOf(user),
    active: true,
    approved: true,
    accessExpiresAt: null,
    roles: [...new Set([...manual, role])],
    password,
  };
}

export const adminRecoverCommand: Command = {
  name: 'admin recover',
  summary:
    'give a user a new password and an administrator’s role, enabled, approved and unlocked; their sessions end',
  options: { email: emailOption, 'password-stdin': passwordOption, tenant: tenantOption },
  positionals: [],
  run: (invocation) =>
    withCore(invocation.terminal, async (core) => {
      const email = emailOf(invocation);
      const tenant = await tenantOf(core, invocation.values);
      const config = await tenantConfig(core, tenant._id);
      const found = await findUserByLogin(core, tenant._id, email);
      if (!found) throw new CommandError(exitCodes.failed, `there is no user ${email} in ${tenant.slug}`);
      const { password, isMade } = await passwordOf(invocation, config, email);
      const actor = systemActor(tenant._id, 'gatehouse admin recover');
      const role = administratorRole(config);
      await updateUser(core, actor, found._id, (user) => recovered(user, role, password));
      await unlockUser(core, actor, found._id);
      const user = await activateUser(core, actor, found._id);
      report(invocation, user, tenant.slug, isMade ? password : undefined);
      return exitCodes.ok;
    }),
};
