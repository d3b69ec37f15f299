import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { deleteApplication, updateApplication } from '../../../src/identity/applications/applications.js';
import type { Core } from '../../../src/identity/core.js';
import {
  createDirectory,
  deleteDirectory,
  updateDirectory,
} from '../../../src/identity/directories/directories.js';
import { authenticateToken, createToken } from '../../../src/identity/directories/tokens.js';
import { enqueueJob, startJobWorker, wakeJobs } from '../../../src/identity/jobs/queue.js';
import { createRole } from '../../../src/identity/roles/roles.js';
import { tenantConfig } from '../../../src/identity/tenants/config.js';
import { newId } from '../../../src/shared/ids.js';
import { service } from '../../../src/shared/services.js';
import { openTestCore } from '../../support/core.js';
import { asOtherProcess } from '../../support/other-process.js';
import { givenTenant } from '../../support/people.js';
import { givenServerApplication } from '../../support/server-applications.js';

describe('two servers in one process', () => {
  let one: Core;
  let other: Core;
  let tenantId: string;

  before(async () => {
    [one, other] = await Promise.all([openTestCore({ allowPrivateIssuers: true }), openTestCore()]);
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

  it('see what another process of the same database changes of directories and applications of the server, at once', async () => {
    const process = asOtherProcess(one);
    const actor = systemActor(tenantId);
    const directory = await createDirectory(one, actor, { name: 'Okta' });
    const { token } = await createToken(one, actor, directory._id, { name: 'test' });
    const { _id, key } = await givenServerApplication(one, { tenants: 'all' });
    const seen = async () => ({
      opened: (await authenticateToken(process, token)) !== undefined,
      rules: (await tenantConfig(process, tenantId)).directories.get(directory._id)?.roleRules.length,
      roles: [...(await tenantConfig(process, tenantId)).roles.keys()].filter((role) => role.startsWith(key)),
    });
    expect(await seen()).to.deep.equal({ opened: true, rules: 0, roles: [] });
    const roleRules = [{ when: { path: 'title', is: 'x' }, grant: ['administrator'] }];
    await updateDirectory(one, actor, directory._id, { enabled: false, roleRules });
    const roles = [{ key: 'agent', name: 'Agent', permissions: [] }];
    await updateApplication(one, systemActor('server'), _id, { roles }, { owner: 'server' });
    expect(await seen()).to.deep.equal({ opened: false, rules: 1, roles: [`${key}:agent`] });
    await deleteDirectory(one, actor, directory._id);
    await deleteApplication(one, systemActor('server'), _id, { owner: 'server' });
    expect(await seen()).to.deep.equal({ opened: false, rules: undefined, roles: [] });
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
