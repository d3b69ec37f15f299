import type { Core } from '../../identity/core.js';
import {
  presetNames,
  presets,
  settingsCatalogue,
  settingsOf,
  type SettingsPatch,
} from '../../identity/tenants/settings.js';
import { updateTenant } from '../../identity/roles/tenant-change.js';
import { getTenant, type TenantDocument } from '../../identity/tenants/tenants.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Settings';

const settingsSchema = z.strictObject(settingsCatalogue).openapi('Settings');
const changeSchema = z.strictObject(settingsCatalogue).partial().openapi('ChangeSettings');

const targetTenant = (core: Core, tenantId: string): Promise<TenantDocument> => getTenant(core, tenantId);

/** Flat, by dotted names; the preset's values where the tenant has none of its own. */
function replySettings(tenant: TenantDocument): Reply<z.input<typeof settingsSchema>> {
  const settings = settingsOf(tenant);
  return {
    body: settings,
    version: tenant.version,
  };
}

const readSettings = route({
  method: 'get',
  path: '/settings',
  id: 'getSettings',
  summary: 'The tenant’s settings in force',
  tag,
  permission: 'account.settings',
  target: targetTenant,
  output: settingsSchema,
  handler: ({ target }) => Promise.resolve(replySettings(target)),
});

const changeSettings = route({
  method: 'patch',
  path: '/settings',
  id: 'changeSettings',
  isPlanned: true,
  summary: 'Change settings; what is absent stays',
  tag,
  permission: 'account.settings',
  stepUp: true,
  target: targetTenant,
  body: changeSchema,
  output: settingsSchema,
  handler: async ({ core, actor, body, ifVersion }) =>
    replySettings(await updateTenant(core, actor, { settings: body as SettingsPatch }, ifVersion)),
});

const choosePreset = route({
  method: 'post',
  path: '/settings/preset',
  id: 'choosePreset',
  isPlanned: true,
  summary: 'Take over a preset: its settings in place of all others',
  tag,
  permission: 'account.settings',
  stepUp: true,
  target: targetTenant,
  body: z.strictObject({ preset: z.enum(presetNames) }),
  output: settingsSchema,
  handler: async ({ core, actor, body, ifVersion }) =>
    replySettings(
      await updateTenant(core, actor, { preset: body.preset, settings: {}, replace: true }, ifVersion),
    ),
});

const presetSchema = z
  .strictObject({
    name: z.enum(presetNames),
    label: z.string(),
    settings: settingsSchema.describe('all settings as the preset has them'),
  })
  .openapi('Preset');

const listPresets = route({
  method: 'get',
  path: '/settings/presets',
  id: 'listPresets',
  summary: 'What may be chosen as a preset, and which one the tenant has',
  tag,
  permission: 'account.settings',
  target: targetTenant,
  output: z.strictObject({ current: z.string(), items: z.array(presetSchema) }).openapi('Presets'),
  handler: ({ target }) =>
    Promise.resolve({
      body: {
        current: target.preset,
        items: presets.map((preset) => ({ ...preset })),
      },
    }),
});

export const settingsRoutes: readonly Route[] = [readSettings, changeSettings, listPresets, choosePreset];
