import { expect } from 'chai';
import { join } from 'node:path';
import supertest from 'supertest';
import { systemActor } from '../../../src/identity/actors.js';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { listAuditEvents } from '../../../src/identity/audit/audit.js';
import { loadConfig } from '../../../src/infrastructure/config.js';
import { packageFolder } from '../../../src/infrastructure/package-info.js';
import { listRequests, replayRequest } from '../../../src/scim/log/preview.js';
import { ManualClock } from '../../support/clock.js';
import { newUser, startScim, urn, type ScimApp } from '../../support/scim.js';

const defaults = loadConfig({ NODE_ENV: 'test' }, join(packageFolder, 'config'));
const dayMs = 86_400_000;

describe('the limits of the request log and of the audit trail', () => {
  let app: ScimApp;
  const clock = new ManualClock();

  before(async () => {
    const config = { scim: { ...defaults.scim, requestLogDailyMegabytes: 1 } };
    app = await startScim({ clock, config });
  });
  after(() => app.stop());

  const logged = async (directoryId = app.directoryId, tenantId = app.tenantId) =>
    (await listRequests(app.core, tenantId, directoryId, {}, { limit: 1000 })).items;

  async function globexLog() {
    const directories = await app.core.store.server.collection('directories').find({ name: 'Only' });
    return logged(directories[0]!._id, directories[0]!.tenantId);
  }

  const raw = (token: string, body: string) =>
    supertest(app.url)
      .post('/scim/v2/Users')
      .set('Authorization', `Bearer ${token}`)
      .set('Content-Type', 'application/scim+json')
      .send(body);

  for (const name of ['\\u0000k', '$where', '$', 'a.b', '.', '', '_bsontype', '__proto__', 'constructor']) {
    it(`loses no request to a body with the odd name ${JSON.stringify(name)}, of this tenant or another`, async () => {
      const before = [(await logged()).length, (await globexLog()).length];
      const user = JSON.stringify(newUser()).slice(0, -1);
      await Promise.all([
        app.globex.get('/Users?count=1'),
        raw(app.acme.token, `${user},"${name}":"ObjectId"}`),
        app.acme.get('/Users?count=1'),
        app.globex.get('/Users?count=2'),
      ]);
      const after = [(await logged()).length, (await globexLog()).length];
      expect(after).to.deep.equal([before[0]! + 2, before[1]! + 2]);
    });
  }

  it('keeps of a long value how long it was and a digest, in the audit trail and in the log', async () => {
    const certificates = (letter: string) =>
      Array.from({ length: 12 }, (_, at) => ({ value: `${letter.repeat(59_990)}${at + 1e9}` }));
    const user = await app.acme.user({ x509Certificates: certificates('A') });
    await app.acme.patch(`/Users/${user.id}`, [
      { op: 'replace', path: 'x509Certificates', value: certificates('B') },
    ]);
    const [entry] = await logged();
    expect(JSON.stringify(entry).length).to.be.below(20_000);
    const { items } = await listAuditEvents(app.core, app.tenantId, { targetId: user.id }, { limit: 10 });
    expect(JSON.stringify(items).length).to.be.below(20_000);
    const change = items.flatMap(({ changes }) => changes).find(({ path }) => path === 'x509Certificates');
    expect(change?.after).to.have.length(12);
    expect((change?.after as { value: object }[])[0]?.value).to.deep.include({ cut: true, length: 60_000 });
    const replay = await replayRequest(app.core, app.tenantId, app.directoryId, entry!._id).catch(
      (error: unknown) => error,
    );
    expect(replay).to.have.property('code', 'scim_request.not_replayable');
  });

  it('keeps the ids of all who joined a group whole in the audit trail', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 300; at += 1) ids.push((await app.globex.user()).id);
    const group = await app.globex.group({ members: ids.map((value) => ({ value })) });
    const tenantId = (await app.core.store.server.collection('groups').get(group.id))!.tenantId;
    const { items } = await listAuditEvents(app.core, tenantId, { targetId: group.id }, { limit: 10 });
    const added = items.flatMap(({ changes }) => changes).filter(({ path }) => path === 'members.added');
    expect(added.flatMap(({ after }) => after as string[]).sort()).to.deep.equal([...ids].sort());
  });

  it('takes no more than its megabytes of a day, says so in an entry, counts the rest, and goes on the next day', async () => {
    const { key } = await createApiKey(app.core, systemActor(app.tenantId), {
      name: 'k',
      role: 'administrator',
    });
    const large = { ...newUser(), userName: 7, nonsense: Array.from({ length: 60 }, () => 'x'.repeat(4000)) };
    for (let at = 0; at < 8; at += 1) {
      await app.acme.post('/Users', large).expect(400);
      await logged();
    }
    const entries = await logged();
    const notes = entries.filter(({ method }) => method === 'NOTE');
    expect(notes).to.have.length(1);
    expect(notes[0]?.error?.detail).to.contain('1 MB');
    expect(entries[0]?.method).to.equal('NOTE');
    const shown = await supertest(app.url)
      .get(`/api/v1/directories/${app.directoryId}/requests`)
      .set('Authorization', `Bearer ${key}`);
    expect(shown.status).to.equal(200);
    const metrics = await supertest(app.url).get('/metrics');
    expect(metrics.text).to.match(/scim_log_dropped_total\{reason="budget"\} [1-9]/);
    const others = (await globexLog()).length;
    await app.globex.get('/Users?count=1');
    expect(await globexLog()).to.have.length(others + 1);
    clock.advance(dayMs);
    await app.acme.get('/Users?count=1').expect(200);
    expect((await logged())[0]?.method).to.equal('GET');
  });

  it('ends an entry requestLogDays after its request', async () => {
    clock.advance(2 * dayMs);
    await app.acme.get('/Users?count=1').set('User-Agent', 'the-one').expect(200);
    const isThere = async () => (await logged()).some(({ userAgent }) => userAgent === 'the-one');
    expect(await isThere()).to.equal(true);
    clock.advance(defaults.scim.requestLogDays * dayMs - 1);
    expect(await isThere()).to.equal(true);
    clock.advance(1);
    expect(await isThere()).to.equal(false);
  });

  const secret = 'Correct-horse-battery';
  const bodies: [string, object][] = [
    ['pwd', newUser({ pwd: secret })],
    ['passwd', newUser({ passwd: secret })],
    ['a full-width name', newUser({ ｐａｓｓｗｏｒｄ: secret })],
    ['a name with hidden characters', newUser({ 'pass​word': secret })],
    ['passKey inside', newUser({ a: [{ PassKey: secret }] })],
    [
      'the query of a bulk operation',
      {
        schemas: [urn.bulk],
        Operations: [{ method: 'DELETE', path: `/Users/1?password=${secret}` }],
      },
    ],
    ['a search that lacks its quotes', { schemas: [urn.search], filter: `password eq ${secret}` }],
  ];
  for (const [what, body] of bodies) {
    it(`keeps no secret in ${what}`, async () => {
      clock.advance(dayMs);
      const path = 'Operations' in body ? '/Bulk' : 'filter' in body ? '/Users/.search' : '/Users';
      await app.acme.post(path, body);
      const text = JSON.stringify((await logged())[0]);
      expect(text).to.contain('[redacted]').and.not.contain('Correct-horse');
    });
  }
  for (const query of [
    `attributes=password,${secret}`,
    `excludedAttributes=pwd,${secret}`,
    `ｐｗｄ=${secret}`,
    `filter=${encodeURIComponent(`pwd eq ${secret}`)}`,
    `filter=${encodeURIComponent(`title pr and password eq "${secret}"`)}`,
  ]) {
    it(`keeps no secret in the query ${query.replace(secret, '...')}`, async () => {
      clock.advance(dayMs);
      await app.acme.get(`/Users?${encodeURI(decodeURI(query))}`);
      const [entry] = await logged();
      expect(JSON.stringify(entry)).to.contain('redacted').and.not.contain('Correct-horse');
    });
  }
});
