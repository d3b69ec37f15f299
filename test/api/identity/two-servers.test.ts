import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import type { Core } from '../../../src/identity/core.js';
import { enqueueJob, startJobWorker, wakeJobs } from '../../../src/identity/jobs/queue.js';
import { createRole } from '../../../src/identity/roles/roles.js';
import { tenantConfig } from '../../../src/identity/tenants/config.js';
import { newId } from '../../../src/shared/ids.js';
import { service } from '../../../src/shared/services.js';
import { openTestCore } from '../../support/core.js';
import { asOtherProcess } from '../../support/other-process.js';
import { givenTenant } from '../../support/people.js';

describe('two servers in one process', () => {
  let one: Core;
  let other: Core;
  let tenantId: string;

  before(async () => {
    [one, other] = await Promise.all([openTestCore(), openTestCore()]);
    tenantId = (await givenTenant(one))._id;
  });
  after(() => Promise.all([one.store.close(), other.store.close()]));

  it('build each service once for themselves', () => {
    let count = 0;
    const numbered = service(() => (count += 1));
    expect([numbered(one), numbered(one), numbered(other), numbered(one)]).to.deep.equal([1, 1, 2, 1]);
    expect(numbered(asOtherProcess(one))).to.equal(3);
  });

  it('share no configuration of a tenant, even of the same id, version and time', async () => {
    const tenant = (await one.store.tenant(tenantId).collection('tenants').get(tenantId))!;
    await other.store.tenant(tenantId).collection('tenants').insert(tenant);
    const input = { key: 'auditor', applicationKey: null, name: 'Auditor', description: '', permissions: [] };
    await createRole(one, systemActor(tenantId), input);
    const changed = (await one.store.tenant(tenantId).collection('tenants').get(tenantId))!;
    await other.store
      .tenant(tenantId)
      .collection('tenants')
      .update(tenantId, () => changed);
    const copy = (await other.store.tenant(tenantId).collection('tenants').get(tenantId))!;
    expect([copy.version, copy.updatedAt]).to.deep.equal([changed.version, changed.updatedAt]);
    expect([...(await tenantConfig(one, tenantId)).roles.keys()]).to.include('auditor');
    expect([...(await tenantConfig(other, tenantId)).roles.keys()]).to.not.include('auditor');
  });

  it('wake and do their own jobs alone', async () => {
    const kind = `test-${newId()}`;
    const done: string[] = [];
    const workers = Object.entries({ one, other }).map(([name, core]) =>
      startJobWorker(core, { [kind]: () => Promise.resolve(void done.push(name)) }),
    );
    await other.store.transaction((tx) => enqueueJob(tx, tenantId, { kind, payload: {} }, other.clock.now()));
    wakeJobs(other);
    await Promise.all(workers.map((worker) => worker.drain()));
    await Promise.all(workers.map((worker) => worker.stop()));
    expect(done).to.deep.equal(['other']);
  });
});
