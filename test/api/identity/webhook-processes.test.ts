import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { writeEvent } from '../../../src/identity/audit/audit.js';
import { startDispatcher } from '../../../src/identity/events/dispatcher.js';
import { createWebhook } from '../../../src/identity/events/webhooks.js';
import { openTestCore } from '../../support/core.js';
import { startEndpoint } from '../../support/endpoint.js';
import { eventually } from '../../support/eventually.js';
import { asOtherProcess } from '../../support/other-process.js';
import { givenTenant } from '../../support/people.js';

describe('webhooks served by several processes', function () {
  this.timeout(120_000);
  it('get from the next one what a process had begun when it ended, and each event', async () => {
    const core = await openTestCore({ allowPrivateIssuers: true });
    const { _id: tenantId } = await givenTenant(core);
    const actor = systemActor(tenantId);
    // The first process gets no answer.
    const endpoint = await startEndpoint(() => undefined);
    const input = { url: endpoint.url, description: '', types: ['group.*'], enabled: true };
    await createWebhook(core, actor, input);
    await writeEvent(core, actor, { action: 'group.created' });
    const first = startDispatcher(core);
    await endpoint.waitFor('group.created');
    await writeEvent(core, actor, { action: 'group.deleted' });
    await first.stop();

    endpoint.answer = (res) => res.writeHead(200).end();
    const other = asOtherProcess(core);
    const second = startDispatcher(other);
    const again = await endpoint.waitFor('group.created', 2);
    await endpoint.waitFor('group.deleted');
    const ids = endpoint.messages.map(({ headers }) => headers['webhook-id']);
    expect(ids.filter((id) => id === again.headers['webhook-id'])).to.have.length(2);
    const deliveries = core.store.tenant(tenantId).collection('webhook_deliveries');
    await eventually(async () => (await deliveries.count({ status: 'delivered' })) === 2, 'both are taken');
    await second.stop();
    await endpoint.stop();
    await core.store.close();
  });
});
