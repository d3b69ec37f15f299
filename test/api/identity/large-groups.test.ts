import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import type { Actor, Core } from '../../../src/identity/core.js';
import { changeMembers, createGroupWithMembers } from '../../../src/identity/groups/members.js';
import { countMembers } from '../../../src/identity/groups/member-list.js';
import {
  createGroup,
  deleteGroup,
  getGroup,
  type GroupDocument,
} from '../../../src/identity/groups/groups.js';
import { startJobWorker } from '../../../src/identity/jobs/queue.js';
import { memberPartJob, writeLeftPart } from '../../../src/identity/groups/batches.js';
import { getUser } from '../../../src/identity/users/users.js';
import { deleteUser } from '../../../src/identity/users/removal.js';
import { deriveUserKeys } from '../../../src/identity/user-keys.js';
import { createLogger } from '../../../src/infrastructure/logger.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { openStore } from '../../../src/persistence/connect.js';
import type { Store } from '../../../src/persistence/store.js';
import { newId } from '../../../src/shared/ids.js';
import { asOtherProcess } from '../../support/other-process.js';
import { overriding } from '../../support/overriding.js';
import { ManualClock } from '../../support/clock.js';
import { openTestCore } from '../../support/core.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { refusal } from '../../support/refusal.js';
import { dropDatabase, freshMongoUri } from '../../support/store.js';

/** Many users at once, straight into the store. */
async function givenUsers(core: Core, tenantId: string, count: number): Promise<string[]> {
  const users = Array.from(
    { length: count },
    (): Omit<UserDocument, 'version' | 'createdAt' | 'updatedAt'> => {
      const userName = `${unique('u')}@acme.test`;
      return {
        _id: newId(),
        tenantId,
        userName,
        ...deriveUserKeys(userName, {}),
        externalId: null,
        directoryId: null,
        attributes: {},
        groupIds: [],
        grants: [],
        enabled: true,
        approved: true,
        activatedAt: null,
        accessExpiresAt: null,
        loginType: 'local',
        source: 'created',
        accessRevokedAt: null,
      };
    },
  );
  await core.store.tenant(tenantId).collection('users').insertMany(users);
  return users.map(({ _id }) => _id);
}

/** Lets something happen before the transaction of this number, counted from 1. */
function interrupted(core: Core, at: number, happen: () => Promise<unknown>): Core {
  let transactions = 0;
  const transaction: Store['transaction'] = async (work) => {
    transactions += 1;
    if (transactions === at) await happen();
    return core.store.transaction(work);
  };
  return asOtherProcess(core, { store: overriding(core.store, { transaction }) });
}

describe('changes of more members than a transaction holds', () => {
  let core: Core & { clock: ManualClock };
  let tenantId: string;
  let system: Actor;
  let group: GroupDocument;
  /** Members of one group: four transactions of them. */
  let ids: string[];
  /** More than are looked up at a time. */
  let many: string[];
  before(async () => {
    core = await openTestCore();
    tenantId = (await givenTenant(core))._id;
    system = systemActor(tenantId);
    many = await givenUsers(core, tenantId, 1200);
    ids = many.slice(0, 400);
  });
  beforeEach(async () => {
    group = await createGroup(core, system, { displayName: unique('G'), externalId: null, attributes: {} });
  });
  const count = (): Promise<number> => countMembers(core, tenantId, group._id);
  const stored = (): Promise<GroupDocument> => getGroup(core, tenantId, group._id);
  const gone = (): Promise<never> => Promise.reject(new Error('the process is gone'));
  const fails = (promise: Promise<unknown>): Promise<void> =>
    promise.then(
      () => expect.fail('it did not fail'),
      () => undefined,
    );

  it('answer with the last version, and leave nothing behind', async () => {
    const { after: whole } = await changeMembers(core, system, group._id, { add: ids });
    expect([await count(), whole.version]).to.deep.equal([400, (await stored()).version]);
    expect((await stored()).pendingParts).to.deep.equal([]);
    const { after: same } = await changeMembers(core, system, group._id, { replaceWith: ids });
    expect(same.version).to.equal(whole.version);
    await changeMembers(core, system, group._id, { replaceWith: [] });
    expect(await count()).to.equal(0);
  });

  it('are refused whole for what stands at their very end: a ring, the last administrator, somebody unknown', async () => {
    const above = await createGroup(core, system, {
      displayName: unique('Above'),
      externalId: null,
      attributes: {},
    });
    await changeMembers(core, system, above._id, { add: [group._id] });
    const ring = await refusal(changeMembers(core, system, group._id, { add: [...ids, above._id] }));
    expect([ring.code, await count()]).to.deep.equal(['input.invalid', 0]);
    const unknown = await refusal(changeMembers(core, system, group._id, { add: [...ids, newId()] }));
    expect([unknown.code, await count()]).to.deep.equal(['input.invalid', 0]);
    const admins = await createGroup(core, system, {
      displayName: unique('Admins'),
      externalId: null,
      attributes: {},
      roleIds: ['administrator'],
    });
    const ada = await givenUser(core, tenantId);
    await changeMembers(core, system, admins._id, { add: [ada._id] });
    const { after: crowd } = await createGroupWithMembers(
      core,
      system,
      { displayName: unique('Crowd'), externalId: null, attributes: {} },
      [...ids, ada._id],
    );
    await changeMembers(core, system, admins._id, { add: [crowd._id] });
    await changeMembers(core, system, admins._id, { remove: [ada._id] });
    const last = { replaceWith: [ada._id] };
    await changeMembers(core, system, crowd._id, last);
    const taken = await refusal(changeMembers(core, system, crowd._id, { remove: [...ids, ada._id] }));
    expect(taken.code).to.equal('user.last_administrator');
    expect(await countMembers(core, tenantId, crowd._id)).to.equal(1);
  });

  it('are refused whole for a member who is unknown, wherever in the list, when a group is changed, replaced or made', async () => {
    const elsewhere = await givenUser(core, (await givenTenant(core))._id);
    for (const unknown of [newId(), elsewhere._id]) {
      for (const at of [450, 600, 1100]) {
        const members = [...many.slice(0, at), unknown, ...many.slice(at)];
        const input = { displayName: unique('Never'), externalId: null, attributes: {} };
        for (const attempt of [
          () => changeMembers(core, system, group._id, { add: members }),
          () => changeMembers(core, system, group._id, { replaceWith: members }),
          () => createGroupWithMembers(core, system, input, members),
        ]) {
          const refused = await refusal(attempt());
          expect([refused.code, refused.message.includes(unknown)]).to.deep.equal(['input.invalid', true]);
        }
        const groups = core.store.tenant(tenantId).collection('groups');
        expect(await groups.count({ displayName: input.displayName })).to.equal(0);
      }
    }
    expect(await count()).to.equal(0);
  });

  it('go on when a member is deleted meanwhile', async () => {
    const [victim] = await givenUsers(core, tenantId, 1);
    const meanwhile = interrupted(core, 3, () => deleteUser(core, system, victim!));
    await changeMembers(meanwhile, system, group._id, { add: [...ids, victim!] });
    expect(await count()).to.equal(400);
  });

  it('are finished by a worker when who asked is gone', async () => {
    await fails(changeMembers(interrupted(core, 2, gone), system, group._id, { add: ids }));
    expect(await count()).to.equal(100);
    const worker = startJobWorker(core, { [memberPartJob]: (job) => writeLeftPart(core, job) });
    core.clock.advance(31_000);
    await worker.drain().finally(() => worker.stop());
    expect([await count(), (await stored()).pendingParts]).to.deep.equal([400, []]);
  });

  it('are finished by the next change, which comes after them as a whole', async () => {
    await fails(changeMembers(interrupted(core, 2, gone), system, group._id, { add: ids }));
    await changeMembers(core, system, group._id, { remove: [ids[350]!] });
    expect([await count(), (await stored()).pendingParts]).to.deep.equal([399, []]);
    expect((await getUser(core, tenantId, ids[350]!)).groupIds).to.not.include(group._id);
  });

  it('let others come before or after them, never between', async () => {
    const [late] = await givenUsers(core, tenantId, 1);
    const remove = (): Promise<unknown> => changeMembers(core, system, group._id, { remove: [ids[350]!] });
    const add = (): Promise<unknown> => changeMembers(core, system, group._id, { add: [late!] });
    const meanwhile = interrupted(core, 2, () => Promise.all([remove(), add()]));
    await changeMembers(meanwhile, system, group._id, { replaceWith: ids });
    expect(await count()).to.equal(400);
    expect((await getUser(core, tenantId, ids[350]!)).groupIds).to.not.include(group._id);
    expect((await getUser(core, tenantId, late!)).groupIds).to.include(group._id);
  });

  it('end with the group, when it is deleted before they do', async () => {
    await fails(changeMembers(interrupted(core, 2, gone), system, group._id, { add: ids }));
    await deleteGroup(core, system, group._id);
    const worker = startJobWorker(core, { [memberPartJob]: (job) => writeLeftPart(core, job) });
    core.clock.advance(31_000);
    await worker.drain().finally(() => worker.stop());
    const jobs = core.store.tenant(tenantId).collection('jobs');
    expect(await jobs.count({ kind: memberPartJob })).to.equal(0);
  });

  it('make a group with all its members, though the process dies after the first', async () => {
    const input = { displayName: unique('New'), externalId: null, attributes: {} };
    await fails(createGroupWithMembers(interrupted(core, 2, gone), system, input, ids));
    const groups = core.store.tenant(tenantId).collection('groups');
    const made = await groups.findOne({ displayName: input.displayName });
    await changeMembers(core, system, made!._id, { remove: [] });
    expect(await countMembers(core, tenantId, made!._id)).to.equal(400);
  });
}).timeout(120_000);

describe('a process that is killed while it changes a large group', () => {
  it('has done all of it or nothing, as soon as another one looks', async function () {
    this.timeout(120_000);
    const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
    const mongodbUri = freshMongoUri();
    const clock = new ManualClock(new Date().toISOString());
    const open = (): Promise<Store> => openStore({ mongodbUri, dataDir, clock, log: createLogger('silent') });
    const base = await openTestCore();
    const first = { ...base, clock, store: await open() };
    const tenantId = (await givenTenant(first))._id;
    const system = systemActor(tenantId);
    await givenUsers(first, tenantId, 400);
    const input = { displayName: 'All', externalId: null, attributes: {} };
    const { _id } = await createGroup(first, system, input);
    await first.store.close();
    for (const [transactions, expected] of [
      [0, 0],
      [2, 400],
    ] as const) {
      const program = resolve('test/support/member-writer.ts');
      const uri = mongodbUri === undefined ? [] : [mongodbUri];
      const args = ['--import', 'tsx', program, tenantId, _id, String(transactions), dataDir, ...uri];
      const child = spawn(process.execPath, args);
      let complaint = '';
      child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
      await new Promise((done) => child.on('close', done));
      expect(child.signalCode, complaint).to.equal('SIGKILL');
      const core = { ...base, clock, store: await open() };
      expect(await countMembers(core, tenantId, _id)).to.equal(transactions * 100);
      const worker = startJobWorker(core, { [memberPartJob]: (job) => writeLeftPart(core, job) });
      clock.advance(120_000);
      await worker.drain().finally(() => worker.stop());
      expect(await countMembers(core, tenantId, _id)).to.equal(expected);
      await core.store.close();
    }
    await rm(dataDir, { recursive: true, force: true });
    // The killed process may have left a transaction open, which holds the drop up for a minute.
    if (mongodbUri) await Promise.race([dropDatabase(mongodbUri), wait(2000)]);
  });
});
