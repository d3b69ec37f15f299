import { expect } from 'chai';
import { answerOnce } from '../../../src/identity/answers/kept-answers.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { unique } from '../../support/people.js';

const day = 86_400_000;

describe('a POST with an Idempotency-Key', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  const post = (path: string, key: string, body: object, as?: string) =>
    acme.call('post', path, as).set('Idempotency-Key', key).send(body);
  const newUser = (): object => ({ email: `${unique('once')}@acme.test` });
  const idOf = (res: { body: unknown }): string => (res.body as { id: string }).id;

  it('is done once, and answered alike within 24 hours', async () => {
    const [key, body] = [unique('key'), newUser()];
    const first = await post('/users', key, body).expect(201);
    const again = await post('/users', key, body).expect(201);
    expect(again.body).to.deep.equal(first.body);
    expect(again.headers).to.include({
      'idempotency-replayed': 'true',
      etag: first.headers['etag'],
      location: first.headers['location'],
    });
    expect(first.headers).to.not.have.property('idempotency-replayed');
    clock.advance(day - 1000);
    expect(idOf(await post('/users', key, body).expect(201))).to.equal(idOf(first));
    clock.advance(1000);
    await post('/users', key, body).expect(409);
  });

  it('gives a secret that is shown once again to whoever lost the answer, and keeps it sealed', async () => {
    const [key, body] = [unique('key'), { name: unique('k'), role: 'administrator' }];
    const first = await post('/api-keys', key, body).expect(201);
    const again = await post('/api-keys', key, body).expect(201);
    const { key: secret } = first.body as { key: string };
    expect((again.body as { key: string }).key).to.equal(secret);
    const kept = await app.core.store.tenant(acme.tenant._id).collection('kept_answers').find({});
    expect(JSON.stringify(kept)).to.not.contain(secret);
  });

  it('is refused with 422 when the key came with another body, or at another address', async () => {
    const key = unique('key');
    await post('/users', key, newUser()).expect(201);
    const other = await post('/users', key, newUser()).expect(422);
    expect((other.body as { code: string }).code).to.equal('idempotency.mismatch');
    await post('/groups', key, { displayName: 'G' }).expect(422);
  });

  it('belongs to its caller: the same key of another is another', async () => {
    const key = unique('key');
    const other = await givenTenant(app);
    const second = await acme.givenKey(['users.create', 'users.read']);
    const first = await post('/users', key, newUser()).expect(201);
    expect(idOf(await post('/users', key, newUser(), second).expect(201))).to.not.equal(idOf(first));
    await other.call('post', '/users').set('Idempotency-Key', key).send(newUser()).expect(201);
  });

  it('is free again after a refusal, and asks for the permission each time', async () => {
    const key = unique('key');
    await post('/users', key, { email: 'no address' }).expect(400);
    await post('/users', key, newUser()).expect(201);
    const reader = await acme.givenKey(['users.read']);
    await post('/users', unique('key'), newUser(), reader).expect(403);
    await post('/users', 'a key with spaces', newUser()).expect(400);
    await post('/users', 'x'.repeat(256), newUser()).expect(400);
  });

  it('is done once of several at the same time', async () => {
    const [key, body] = [unique('key'), { displayName: unique('Group') }];
    const all = await Promise.all(Array.from({ length: 6 }, () => post('/groups', key, body)));
    const made = all.filter(({ status }) => status === 201);
    expect(new Set(made.map(idOf)).size).to.equal(1);
    for (const res of all.filter(({ status }) => status !== 201)) {
      expect(res.body).to.include({ status: 409, code: 'idempotency.running' });
      expect(res.headers['retry-after']).to.equal('1');
    }
    const groups = await acme.call('get', `/groups?q=${body.displayName}`).expect(200);
    expect((groups.body as { total: number }).total).to.equal(1);
  });

  it('can be sent again a minute after its process died', async () => {
    const question = { key: unique('key'), question: 'q' };
    const answer = { status: 201, headers: {} };
    await new Promise<void>((begun) => {
      const never = answerOnce(app.core, acme.system, question, () => {
        begun();
        return new Promise(() => undefined);
      });
      never.catch(() => undefined);
    });
    const twice = () => answerOnce(app.core, acme.system, question, () => Promise.resolve(answer));
    const refused = await twice().catch((error: unknown) => error);
    expect(refused).to.include({ code: 'idempotency.running' });
    clock.advance(60_000);
    expect(await twice()).to.deep.equal({ answer, isRepeated: false });
    expect(await twice()).to.deep.equal({ answer, isRepeated: true });
  });
});
