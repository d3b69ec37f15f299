import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { AppError } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { checkRules, type RoleRule, type RoleRuleInput } from '../grants/rules.js';
import { requireGrantable } from '../permissions.js';
import type { TenantConfig } from '../tenants/config.js';

/**
 * The role rules of a connection as a change leaves them.
 *
 * @param given - undefined: as before.
 * @throws AppError `input.invalid` with pointers below `/roleRules`, `role.not_grantable`.
 */
export function changedRules(
  core: Core,
  actor: Actor,
  config: TenantConfig,
  { before, given }: { before: readonly RoleRule[] | undefined; given: readonly RoleRuleInput[] | undefined },
): { roleRules?: RoleRule[] } {
  if (!given) return before ? { roleRules: [...before] } : {};
  try {
    return { roleRules: checkRules(core, actor, config, before ?? [], given) };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'input.invalid') throw error;
    const errors = error.errors.map(({ pointer, detail }) => ({ pointer: `/roleRules${pointer}`, detail }));
    throw new AppError('input.invalid', error.message, { errors });
  }
}

/**
 * A connection can sign people in with all that its rules give: who changes it needs the management permissions among that.
 *
 * @throws AppError `role.not_grantable`.
 */
export function requireRuleAuthority(
  actor: Actor,
  config: TenantConfig,
  { roleRules = [] }: Pick<SsoConnectionDocument, 'roleRules'>,
): void {
  const roles = roleRules.flatMap(({ grant }) => grant).flatMap((role) => config.roles.get(role) ?? []);
  requireGrantable(actor, roles);
}
