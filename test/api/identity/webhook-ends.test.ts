import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { writeEvent } from '../../../src/identity/audit/audit.js';
import { fanOut } from '../../../src/identity/events/deliveries.js';
import { deliver } from '../../../src/identity/events/delivery.js';
import { createWebhook, getWebhook } from '../../../src/identity/events/webhooks.js';
import type { Core } from '../../../src/identity/core.js';
import { openTestCore } from '../../support/core.js';
import { startEndpoint, type Endpoint } from '../../support/endpoint.js';
import { eventually } from '../../support/eventually.js';
import { givenTenant, givenUser } from '../../support/people.js';

describe('a webhook whose endpoint is gone', function () {
  this.timeout(120_000);
  let core: Core;
  let endpoint: Endpoint;
  before(async () => {
    core = await openTestCore({ allowPrivateIssuers: true });
    endpoint = await startEndpoint();
  });
  after(async () => {
    await endpoint.stop();
    await core.store.close();
  });

  it('is switched off, recorded and mailed once by two deliveries that learn it at the same time', async () => {
    const { _id: tenantId } = await givenTenant(core);
    const actor = systemActor(tenantId);
    const boss = await givenUser(core, tenantId, { roles: ['administrator'] });
    const input = { url: endpoint.url, description: '', types: ['group.*'], enabled: true };
    const { webhook } = await createWebhook(core, actor, input);
    await writeEvent(core, actor, { action: 'group.created' });
    await writeEvent(core, actor, { action: 'group.deleted' });
    const scope = core.store.tenant(tenantId);
    const two = await eventually(async () => {
      await fanOut(core, webhook);
      const found = await scope.collection('webhook_deliveries').find({ webhookId: webhook._id });
      return found.length === 2 && found;
    }, 'both are to be delivered');

    // Neither is answered before both are asked, so both find the webhook switched on.
    const waiting: (() => void)[] = [];
    endpoint.answer = (res) => {
      waiting.push(() => res.writeHead(410).end());
      if (waiting.length === 2) for (const answer of waiting) answer();
    };
    const { signal } = new AbortController();
    await Promise.all(two.map((one) => deliver(core, one, signal)));

    const stored = await getWebhook(core, tenantId, webhook._id);
    expect(stored).to.include({ enabled: false, disabledReason: 'gone' });
    const told = { action: 'webhook.disabled', 'target.id': webhook._id };
    expect(await scope.collection('audit_events').count(told)).to.equal(1);
    expect(
      await scope.collection('mails').count({ userId: boss._id, template: 'webhook_disabled' }),
    ).to.equal(1);
  });
});
