import { createWebhook } from '../../src/identity/events/webhooks.js';
import { newId } from '../../src/shared/ids.js';
import type { ApiTenant } from './api.js';
import type { TestApp } from './app.js';
import type { Case } from './audited-things.js';

// Nothing listens there.
const url = 'http://127.0.0.1:9/hook';

/** The changes of webhooks. */
export function webhookCases(scene: () => { app: TestApp; acme: ApiTenant }): Case[] {
  const nothing = () => Promise.resolve('');
  const webhook = async (): Promise<string> => {
    const input = { url, description: '', types: ['job.retried'], enabled: true };
    return (await createWebhook(scene().app.core, scene().acme.system, input)).webhook._id;
  };
  const delivery = async (): Promise<[string, string]> => {
    const id = await webhook();
    const { _id: tenantId } = scene().acme.tenant;
    const facts = { webhookId: id, eventId: newId(), type: 'user.created', attempts: [], tries: 1 };
    const made = { _id: `${id}:1`, tenantId, ...facts, nextAt: null, expiresAt: new Date('2099-01-01') };
    await scene()
      .app.core.store.tenant(tenantId)
      .collection('webhook_deliveries')
      .insert({ ...made, status: 'failed' });
    return [id, made._id];
  };
  return [
    [
      'POST /webhooks',
      nothing,
      () => ['post', '/webhooks', { url }],
      (_, __, id) => [`webhook.created webhook ${id}`],
    ],
    [
      'PATCH a webhook',
      webhook,
      (id) => ['patch', `/webhooks/${id}`, { enabled: false }],
      (id) => [`webhook.updated webhook ${id}`],
    ],
    [
      'DELETE a webhook',
      webhook,
      (id) => ['delete', `/webhooks/${id}`],
      (id) => [`webhook.deleted webhook ${id}`],
    ],
    [
      'rotate the secret of a webhook',
      webhook,
      (id) => ['post', `/webhooks/${id}/rotate-secret`, {}],
      (id) => [`webhook.secret_changed webhook ${id}`],
    ],
    [
      'replay a webhook',
      webhook,
      (id) => ['post', `/webhooks/${id}/replay`, { since: '2020-01-01T00:00:00Z' }],
      (id) => [`webhook.replayed webhook ${id}`],
    ],
    [
      'replay a delivery',
      delivery,
      (id, deliveryId) => ['post', `/webhooks/${id}/deliveries/${deliveryId}/replay`],
      (id) => [`webhook.replayed webhook ${id}`],
    ],
  ];
}
