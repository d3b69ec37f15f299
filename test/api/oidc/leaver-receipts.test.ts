import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile, secondsToZero } from '../../../src/identity/privacy/leaver-receipts.js';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { runLine } from '../../support/cli.js';
import { eventually } from '../../support/eventually.js';
import { browserOf, makeApplication, relyingParty } from '../../support/oidc.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';

interface Body {
  id: string;
  items: Body[];
  [name: string]: unknown;
}

describe('leaver receipts and the delivery of logout tokens', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let receiver: Receiver;
  let isDeaf = false;
  before(async () => {
    receiver = await startReceiver((_req, res) => res.writeHead(isDeaf ? 503 : 200).end());
    app = await startApp({ config: { allowPrivateIssuers: true } });
    acme = await givenTenant(app);
  });
  after(async () => {
    await app.stop();
    await receiver.stop();
  });
  beforeEach(() => {
    isDeaf = false;
  });

  const get = async (path: string, as = acme): Promise<Body> =>
    (await as.call('get', path).expect(200)).body as Body;
  /** The receipt of a user who left, once it satisfies. */
  const receiptOf = async (userId: string, done: (receipt: Body) => boolean): Promise<Body> => {
    const { items } = await get('/leaver-receipts?limit=100');
    const { id } = items.find(({ user }) => (user as Body).id === userId)!;
    return eventually(async () => {
      const receipt = await get(`/leaver-receipts/${id}`);
      return done(receipt) && receipt;
    }, 'the receipt');
  };

  /** Somebody who is signed in at an application, and then disabled. */
  async function leaver(): Promise<{ userId: string; application: ApplicationDocument; sessionId: string }> {
    const application = await makeApplication(app.core, acme.tenant, { backchannelLogoutUri: receiver.url });
    const user = await acme.givenUser({ email: `leaver-${application.key}@acme.test` });
    const party = await relyingParty(app.core, application);
    const tokens = await party.signIn(await browserOf(app.core, user));
    await acme.call('post', `/users/${user._id}/disable`).send({}).expect(200);
    return { userId: user._id, application, sessionId: tokens.claims()!['sid'] as string };
  }

  it('says what ended when, which application confirmed, and is signed; verified without the server', async () => {
    const { userId, application, sessionId } = await leaver();
    const receipt = await receiptOf(userId, ({ isComplete }) => isComplete === true);
    expect(receipt).to.include({ action: 'user.disabled', sessionCount: 1, refusedAt: null });
    expect(receipt['tokenCount']).to.be.greaterThan(0);
    expect(receipt['secondsToZero']).to.be.a('number');
    const [session] = receipt['sessions'] as Body[];
    expect(session).to.include({ sessionId, method: 'password' });
    const [notice] = receipt['notices'] as Body[];
    expect(notice).to.include({
      applicationId: application._id,
      sessionId,
      status: 'confirmed',
      attempts: 1,
    });
    const folder = await mkdtemp(join(tmpdir(), 'receipt-'));
    try {
      const [file, keys, forged] = ['receipt.json', 'keys.json', 'forged.jws'].map((name) =>
        join(folder, name),
      );
      await writeFile(file!, JSON.stringify(receipt));
      await writeFile(keys!, JSON.stringify(await get('/leaver-receipts/keys')));
      const good = await runLine(`receipt verify ${file} --keys ${keys} --json`, {});
      expect([good.code, (good.json()['receipt'] as Body)['isComplete']]).to.deep.equal([0, true]);
      const people = await runLine(`receipt verify ${file} --keys ${keys}`, {});
      expect(people.out).to.include(application.name).and.to.include('confirmed');
      const [head, payload, signature] = String(receipt['jws']).split('.');
      const other = Buffer.from(
        Buffer.from(payload!, 'base64url').toString().replace(userId, 'somebody-else'),
      ).toString('base64url');
      await writeFile(forged!, [head, other, signature].join('.'));
      expect((await runLine(`receipt verify ${forged} --keys ${keys}`, {})).code).to.equal(1);
      expect((await runLine(`receipt verify ${folder}/none --keys ${keys}`, {})).code).to.equal(66);
    } finally {
      await rm(folder, { recursive: true });
    }
    const metrics = await app.core.store
      .tenant(acme.tenant._id)
      .collection('logout_deliveries')
      .find({ userId });
    expect(metrics.map(({ status }) => status)).to.deep.equal(['confirmed']);
    expect(await get('/leaver-receipts/times')).to.include.keys('p50Seconds', 'p99Seconds', 'open');
  });

  it('stays open while an application does not confirm, with what it answered; the record is the application’s list too', async () => {
    isDeaf = true;
    const { userId, application } = await leaver();
    const open = await receiptOf(userId, ({ notices }) => (notices as Body[])[0]?.['status'] === 'failed');
    expect([open['isComplete'], open['secondsToZero']]).to.deep.equal([false, null]);
    expect(String((open['notices'] as Body[])[0]!['answer'])).to.include('answered 503');
    const listed = await get(`/applications/${application._id}/logout-deliveries?status=failed`);
    expect(listed.items.map((one) => [one['userId'], one['user']])).to.deep.equal([
      [userId, `leaver-${application.key}@acme.test`],
    ]);
    isDeaf = false;
    await receiptOf(userId, ({ isComplete }) => isComplete === true);
    expect(
      (await get(`/applications/${application._id}/logout-deliveries?status=failed`)).items,
    ).to.deep.equal([]);
  });

  it('is there for a person who had nothing to end, and not for another tenant or event', async () => {
    const user = await acme.givenUser();
    await acme.call('post', `/users/${user._id}/disable`).send({}).expect(200);
    const receipt = await receiptOf(user._id, () => true);
    expect(receipt).to.include({ isComplete: true, secondsToZero: 0, sessionCount: 0 });
    const other = await givenTenant(app);
    await other.call('get', `/leaver-receipts/${receipt.id}`).expect(404);
    await acme.call('get', '/leaver-receipts/none').expect(404);
    const key = await acme.givenKey(['users.read']);
    await acme.call('get', `/leaver-receipts/${receipt.id}`, key).expect(403);
  });

  it('does not call complete what runs out: a disabled person’s session where the tenant lets it', async () => {
    const lenient = await givenTenant(app, { settings: { 'sessions.revokeOnDisable': false } });
    const user = await lenient.givenUser();
    await browserOf(app.core, user);
    await lenient.call('post', `/users/${user._id}/disable`).send({}).expect(200);
    const { items } = await get('/leaver-receipts', lenient);
    const receipt = await get(`/leaver-receipts/${items[0]!.id}`, lenient);
    expect(receipt).to.include({ openSessions: 1, isComplete: false, endedAt: null, secondsToZero: null });
  });

  it('counts to the last confirmation, and shares by nearest rank', () => {
    const at = (seconds: number) => new Date(seconds * 1000);
    const done = { status: 'confirmed' as const, settledAt: at(9) };
    const cases: [Parameters<typeof secondsToZero>, number | null][] = [
      [[at(1), undefined, []], 0],
      [[at(1), { endedAt: null }, []], null],
      [[at(1), { endedAt: at(3) }, []], 2],
      [[at(1), { endedAt: at(3) }, [done]], 8],
      [[at(1), { endedAt: at(3) }, [done, { status: 'given_up', settledAt: at(4) }]], null],
    ];
    for (const [input, seconds] of cases) expect(secondsToZero(...input)).to.equal(seconds);
    expect([percentile([], 0.5), percentile([3, 1, 2], 0.5), percentile([1, 2], 0.99)]).to.deep.equal([
      null,
      2,
      2,
    ]);
  });
});
