import { isLive } from '../grants/grants.js';
import type { TenantDocument } from '../../persistence/collections/tenants.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { changeEntity, type Entity } from '../audit/entity.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { builtInRoles, managementPermissions, requireGrantable } from '../permissions.js';
import { configUnder, tenantConfigStep, type TenantConfig } from '../tenants/config.js';
import {
  nestSettings,
  ownSettings,
  settingsOf,
  type Settings,
  type SettingsPatch,
} from '../tenants/settings.js';
import { operatorTenant } from '../tenants/operator-tenant.js';
import { getTenant, requirePreset, searchKeyOf, tenantDuplicates } from '../tenants/tenants.js';
import { administratorLevel } from '../users/transitions.js';
import type { WriteOptions } from '../versions.js';

export interface TenantChange {
  name?: string | undefined;
  externalId?: string | null | undefined;
  /** Its settings count where the tenant has none of its own. */
  preset?: string | undefined;
  /** Put over the tenant's own settings; with `replace` in their place. */
  settings?: SettingsPatch | undefined;
  replace?: boolean | undefined;
  /** Switches of the operator's, put over those the tenant has. */
  features?: Readonly<Record<string, boolean>> | undefined;
}

/** Whether a user holds two roles at one place, which `roles.multiple: false` does not allow. */
async function hasHoldersOfTwo(core: Core, tenantId: string): Promise<boolean> {
  const users = core.store
    .tenant(tenantId)
    .collection('users')
    .iterate({}, { fields: ['grants'] });
  for await (const { grants } of users) {
    const given = grants.filter((grant) => grant.type !== 'rule' && isLive(grant, core.clock.now()));
    const roles = new Set(given.map((grant) => grant.role));
    const places = [...roles].map((role) => (role.includes(':') ? role.split(':')[0] : ''));
    if (new Set(places).size < places.length) return true;
  }
  return false;
}

async function requireSingleRoles(
  core: Core,
  before: Settings,
  after: Settings,
  tenantId: string,
): Promise<void> {
  if (!before['roles.multiple'] || after['roles.multiple'] || !(await hasHoldersOfTwo(core, tenantId)))
    return;
  throw new AppError('input.invalid', 'some users hold several roles', {
    errors: [{ pointer: '/roles.multiple', detail: 'take the second roles from their holders first' }],
  });
}

/** Whether any user, key, group or rule would have a role of this name. */
function* isHeld(tx: Transaction, tenantId: string, role: string): Step<boolean> {
  const scope = tx.tenant(tenantId);
  if (yield* scope.collection('users').findOne({ 'grants.role': role })) return true;
  if (yield* scope.collection('api_keys').findOne({ role })) return true;
  if (yield* scope.collection('groups').findOne({ roleIds: role })) return true;
  const directories = yield* scope.collection('directories').find({});
  const connections = yield* scope.collection('sso_connections').find({});
  return [...directories, ...connections].some(({ roleRules = [] }) =>
    roleRules.some(({ grant }) => grant.includes(role)),
  );
}

/** Those that are in one of the lists only. */
const inOneOnly = (a: readonly string[], b: readonly string[]): string[] => [
  ...a.filter((entry) => !b.includes(entry)),
  ...b.filter((entry) => !a.includes(entry)),
];

/**
 * A preset brings roles along and takes those of the one before away. Users with a role of such a name, given under another preset or by
 * a role made here, get what the new one holds, or lose what the old one held: the one who changes the preset has to hold that too.
 *
 * @throws AppError `role.not_grantable`.
 */
function* requireMayMove(core: Core, tx: Transaction, actor: Actor, preset: string): Step<void> {
  const { roles, tenant } = yield* tenantConfigStep(core, tx, actor.tenantId);
  const own = yield* tx.tenant(actor.tenantId).collection('roles').find({ applicationKey: null });
  const after = new Map([...own, ...builtInRoles(preset)].map(({ key, permissions }) => [key, permissions]));
  const keys = [...builtInRoles(tenant.preset), ...builtInRoles(preset)].map(({ key }) => key);
  for (const key of new Set(keys)) {
    const later = managementPermissions(after.get(key) ?? []);
    const moved = { fullKey: key, permissions: inOneOnly(roles.get(key)?.management ?? [], later) };
    const isBeyond = moved.permissions.some((permission) => !actor.permissions.has(permission));
    if (isBeyond && (yield* isHeld(tx, actor.tenantId, key))) requireGrantable(actor, [moved]);
  }
}

/**
 * A tenant keeps an administrator under its new preset and settings (F-11). The operator of the server may take the last one away: a
 * bootstrap file names its users after the preset.
 *
 * @throws AppError `user.last_administrator`.
 */
function* guardAdministrators(
  core: Core,
  tx: Transaction,
  actor: Actor,
  wanted: TenantDocument,
  now: Date,
): Step<void> {
  if (actor.party.type === 'system') return;
  const before = yield* tenantConfigStep(core, tx, actor.tenantId);
  const after = configUnder(before, wanted);
  const roles = [...before.administratorRoles, ...after.administratorRoles];
  const holders = yield* tx
    .tenant(actor.tenantId)
    .collection('users')
    .find({ 'grants.role': { $in: roles }, enabled: true });
  const levelUnder = (config: TenantConfig): number =>
    Math.max(0, ...holders.map((user) => administratorLevel(user, config, now)));
  if (levelUnder(after) >= levelUnder(before)) return;
  throw new AppError('user.last_administrator', 'this would leave the tenant without an administrator');
}

function changed(tenant: TenantDocument, change: TenantChange): TenantDocument {
  const own = change.replace ? {} : ownSettings(tenant);
  const named = {
    slug: tenant.slug,
    name: change.name ?? tenant.name,
    externalId: change.externalId === undefined ? (tenant.externalId ?? null) : change.externalId,
  };
  return {
    ...tenant,
    ...named,
    searchKey: searchKeyOf(named),
    preset: change.preset ?? tenant.preset,
    settings: change.settings ? nestSettings({ ...own, ...change.settings }) : tenant.settings,
    ...(change.features && { features: { ...tenant.features, ...change.features } }),
  };
}

/** @throws AppError `input.invalid`; the operator's own tenant keeps the roles it has. */
function requirePresetOf(tenantId: string, preset: string): void {
  if (tenantId !== operatorTenant.id) {
    requirePreset(preset);
    return;
  }
  const message = 'the tenant of the operator keeps its own roles and has no preset';
  throw new AppError('input.invalid', message, { errors: [{ pointer: '/preset', detail: message }] });
}

/** What a change of a tenant is recorded by. */
const factsOf = (tenant: TenantDocument): Record<string, unknown> => ({
  name: tenant.name,
  externalId: tenant.externalId ?? null,
  preset: tenant.preset,
  features: { ...tenant.features },
  ...settingsOf(tenant),
});

const tenantEntity: Entity<'tenants'> = {
  collection: 'tenants',
  notFound: () => new AppError('tenant.not_found', 'there is no such tenant'),
  partyOf: ({ _id, slug }) => ({ type: 'tenant', id: _id, label: slug }),
  factsOf,
};

/**
 * Changes a tenant's name, externalId, preset or settings.
 *
 * @returns the tenant; the very same version when nothing changed.
 * @throws AppError `tenant.not_found`, `tenant.external_id_taken`, `input.invalid`, `role.not_grantable`, `user.last_administrator`,
 *   `resource.version_mismatch`.
 */
export async function updateTenant(
  core: Core,
  actor: Actor,
  change: TenantChange,
  options: WriteOptions = {},
): Promise<TenantDocument> {
  const { tenantId } = actor;
  if (change.preset !== undefined) requirePresetOf(tenantId, change.preset);
  const stored = await getTenant(core, tenantId);
  await requireSingleRoles(core, settingsOf(stored), settingsOf(changed(stored, change)), tenantId);
  const now = core.clock.now();
  return refuseDuplicates(tenantDuplicates, () =>
    core.store.transaction((tx) =>
      changeEntity(
        tenantEntity,
        { tx, actor, now, id: tenantId, options },
        {
          action: 'settings.changed',
          *wanted(before) {
            return changed(before, change);
          },
          *before(before, wanted) {
            if (wanted.preset !== before.preset) yield* requireMayMove(core, tx, actor, wanted.preset);
            yield* guardAdministrators(core, tx, actor, wanted, now);
          },
        },
      ),
    ),
  );
}
