import { operatorIn } from '../../identity/operator/customers.js';
import { featureNames } from '../../identity/permissions.js';
import { updateTenant } from '../../identity/roles/tenant-change.js';
import type { TenantDocument } from '../../identity/tenants/tenants.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';
import { targetTenant, tenantTag } from './tenants.js';

const featuresSchema = z
  .strictObject(Object.fromEntries(featureNames.map((name) => [name, z.boolean()])))
  .openapi('TenantFeatures');

const replyFeatures = (tenant: TenantDocument): Reply<z.input<typeof featuresSchema>> => ({
  body: Object.fromEntries(featureNames.map((name) => [name, tenant.features?.[name] === true])),
  version: tenant.version,
});

const readFeatures = route({
  method: 'get',
  path: '/tenants/{id}/features',
  id: 'getTenantFeatures',
  summary: 'The switches of a tenant: which permissions of its products can be had at all',
  tag: tenantTag,
  permission: 'features.manage',
  scope: 'server',
  target: targetTenant,
  output: featuresSchema,
  handler: ({ target }) => Promise.resolve(replyFeatures(target)),
});

const changeFeatures = route({
  method: 'patch',
  path: '/tenants/{id}/features',
  id: 'changeTenantFeatures',
  summary: 'Switch features of a tenant; what is absent stays',
  tag: tenantTag,
  permission: 'features.manage',
  scope: 'server',
  target: targetTenant,
  body: featuresSchema.partial().openapi('ChangeTenantFeatures'),
  output: featuresSchema,
  handler: async ({ core, actor, body, target, ifVersion }) =>
    replyFeatures(
      await updateTenant(
        core,
        operatorIn(actor, target._id),
        { features: body as Record<string, boolean> },
        ifVersion,
      ),
    ),
});

export const tenantFeatureRoutes: readonly Route[] = [readFeatures, changeFeatures];
