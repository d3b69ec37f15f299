import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { startBulk } from '../../../src/identity/bulk/jobs.js';
import { runBulk } from '../../../src/identity/bulk/run.js';
import { rowsOfIds, userActionHandlers } from '../../../src/identity/bulk/user-actions.js';
import type { Core } from '../../../src/identity/core.js';
import { openStore } from '../../../src/persistence/connect.js';
import { systemClock } from '../../../src/shared/clock.js';
import { newId } from '../../../src/shared/ids.js';
import { silentLog, testConfig, testCoreOf } from '../../support/core-parts.js';
import { givenTenant, givenUser } from '../../support/people.js';

const people = 200;

describe('a bulk action whose process is killed with -9 (embedded)', function () {
  this.timeout(120_000);
  let dataDir: string;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-bulk-'));
  });
  after(() => rm(dataDir, { recursive: true, force: true }));

  const open = async (): Promise<Core> => {
    const clock = systemClock;
    const store = await openStore({ mongodbUri: undefined, dataDir, clock, log: silentLog });
    return testCoreOf({ config: testConfig(), clock, log: silentLog, store });
  };

  it('goes on in the next process where it was, says so, and does no row twice', async () => {
    const first = await open();
    const tenantId = (await givenTenant(first))._id;
    const { _id, version: _version, ...one } = await givenUser(first, tenantId);
    const others = Array.from({ length: people - 1 }, (_, at) => {
      const name = `person-${at}@bulk.test`;
      const keys = { userNameKey: name, emailKey: name, loginKeys: [name], emailKeys: [name] };
      const attributes = { emails: [{ value: name, primary: true }] };
      return { ...one, ...keys, _id: newId(), userName: name, email: name, attributes };
    });
    await first.store.tenant(tenantId).collection('users').insertMany(others);
    const input = { kind: 'users.disable', permission: 'users.enable', isDryRun: false, options: {} };
    const rows = rowsOfIds([_id, ...others.map((user) => user._id)]);
    const { _id: bulkId } = await startBulk(first, systemActor(tenantId), input, rows);
    await first.store.close();

    const program = resolve('test/support/bulk-writer.ts');
    const args = ['--import', 'tsx', program, tenantId, bulkId, '120', dataDir];
    const child = spawn(process.execPath, args);
    let complaint = '';
    child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
    await new Promise((done) => child.on('close', done));
    expect(child.signalCode, complaint).to.equal('SIGKILL');

    const core = await open();
    const scope = core.store.tenant(tenantId);
    const disabled = await scope.collection('users').count({ enabled: false });
    expect(disabled).to.be.within(1, people - 1);
    expect(await scope.collection('audit_events').count({ action: 'user.disabled' })).to.equal(disabled);
    const job = { tenantId, payload: { bulkId }, attempts: 1 } as never;
    await runBulk(core, job, userActionHandlers);
    const over = await scope.collection('bulk_jobs').get(bulkId);
    expect(over).to.include({ status: 'done' });
    expect(over?.counts).to.deep.equal({ done: people, unchanged: 0, refused: 0 });
    expect(await scope.collection('users').count({ enabled: false })).to.equal(people);
    expect(await scope.collection('audit_events').count({ action: 'user.disabled' })).to.equal(people);
    await core.store.close();
  });
});
