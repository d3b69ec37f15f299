import { expect } from 'chai';
import { Webhook } from 'standardwebhooks';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { startEndpoint, type Endpoint, type Message } from '../../support/endpoint.js';
import { eventually } from '../../support/eventually.js';
import { waitForMails } from '../../support/mailbox.js';

interface Hook {
  id: string;
  secret: string;
  enabled: boolean;
  disabledReason: string | null;
  failingSince: string | null;
  error: string | null;
}
interface Delivery {
  id: string;
  eventId: string;
  type: string;
  status: string;
  attempts: { status: number | null; answer: string }[];
}

const verified = (secret: string, { body, headers }: Message) =>
  new Webhook(secret).verify(body, headers as Record<string, string>) as {
    type: string;
    data: { id: string; target: { id: string }; tenant: { slug: string } };
  };

describe('webhooks', function () {
  this.timeout(120_000);
  let app: TestApp;
  let acme: ApiTenant;
  let endpoint: Endpoint;
  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
    endpoint = await startEndpoint();
  });
  afterEach(() => endpoint.stop());
  after(() => app.stop());

  async function givenHook(more: object = {}): Promise<Hook> {
    const res = await acme.call('post', '/webhooks').send({ url: endpoint.url, ...more });
    expect(res.status, res.text).to.equal(201);
    return res.body as Hook;
  }
  const hook = async (id: string) => (await acme.call('get', `/webhooks/${id}`)).body as Hook;
  const deliveries = async (id: string) =>
    ((await acme.call('get', `/webhooks/${id}/deliveries`)).body as { items: Delivery[] }).items;

  it('send each event once, signed by Standard Webhooks, with the event’s id as the message’s', async () => {
    const { secret } = await givenHook({ types: ['user.*'] });
    const user = await acme.givenUser();
    const message = await endpoint.waitFor('user.created');
    const { type, data } = verified(secret, message);
    expect(type).to.equal('user.created');
    expect(data).to.deep.include({ tenant: { id: acme.tenant._id, slug: acme.tenant.slug } });
    expect(data.target.id).to.equal(user._id);
    expect(message.headers['webhook-id']).to.equal(data.id);
    const trail = await acme.call('get', `/audit-events?target=${user._id}&action=user.created`);
    expect((trail.body as { items: { id: string }[] }).items[0]?.id).to.equal(data.id);
  });

  it('send the types asked for alone, in their order, and nothing from before', async () => {
    await acme.givenUser();
    const { id } = await givenHook({ types: ['user.enabled', 'user.disabled'] });
    const user = await acme.givenUser();
    await acme.call('post', `/users/${user._id}/disable`);
    await acme.call('post', `/users/${user._id}/enable`);
    for (const type of ['user.disabled', 'user.enabled']) await endpoint.waitFor(type);
    expect(endpoint.types().sort()).to.deep.equal(['user.disabled', 'user.enabled']);
    await eventually(
      async () => (await deliveries(id)).every(({ status }) => status === 'delivered'),
      'all are delivered',
    );
    expect((await deliveries(id)).map(({ type }) => type)).to.deep.equal(['user.enabled', 'user.disabled']);
  });

  it('show each try with its answer, and are delivered again one by one or since an instant', async () => {
    const { id, secret } = await givenHook({ types: ['user.created'] });
    const since = new Date().toISOString();
    await acme.givenUser();
    await acme.givenUser();
    await endpoint.waitFor('user.created', 2);
    const [last] = await eventually(async () => {
      const all = await deliveries(id);
      return all.length === 2 && all.every(({ status }) => status === 'delivered') && all;
    }, 'both are delivered');
    expect(last?.attempts[0]).to.include({ status: 204 });
    await acme.call('post', `/webhooks/${id}/deliveries/${last?.id}/replay`).expect(202);
    const again = await endpoint.waitFor('user.created', 3);
    expect(verified(secret, again).data.id).to.equal(last?.eventId);
    await acme.call('post', `/webhooks/${id}/replay`).send({ since }).expect(202);
    await endpoint.waitFor('user.created', 5);
    const unknown = await acme.call('post', `/webhooks/${id}/deliveries/nothing/replay`);
    expect(unknown.body).to.include({ code: 'webhook.delivery_not_found' });
  });

  it('sign with both secrets while one is being changed', async () => {
    const { id, secret } = await givenHook({ types: ['user.created'] });
    const rotated = await acme.call('post', `/webhooks/${id}/rotate-secret`).send({ overlapSeconds: 60 });
    const { secret: next, previousSecretUntil } = rotated.body as Hook & { previousSecretUntil: string };
    expect(next)
      .to.match(/^whsec_/)
      .and.not.to.equal(secret);
    expect(previousSecretUntil).to.be.a('string');
    await acme.givenUser();
    const message = await endpoint.waitFor('user.created');
    for (const one of [secret, next]) expect(verified(one, message).type).to.equal('user.created');
    await acme.call('post', `/webhooks/${id}/rotate-secret`).send({ overlapSeconds: 0 }).expect(200);
    await acme.givenUser();
    const later = await endpoint.waitFor('user.created', 2);
    expect(() => verified(next, later)).to.throw();
    expect((await hook(id)).secret).to.equal(undefined);
  });

  it('send a test message at once and show the answer', async () => {
    const { id, secret } = await givenHook();
    const good = await acme.call('post', `/webhooks/${id}/test`);
    expect(good.body).to.include({ delivered: true, status: 204 });
    expect(verified(secret, await endpoint.waitFor('webhook.test')).type).to.equal('webhook.test');
    endpoint.answer = (res) => res.writeHead(500).end('broken');
    const bad = await acme.call('post', `/webhooks/${id}/test`);
    expect(bad.body).to.include({ delivered: false, status: 500, answer: 'broken' });
  });

  it('do not wait for each other: a slow endpoint delays none', async () => {
    const slow = await startEndpoint(() => undefined);
    await acme.call('post', '/webhooks').send({ url: slow.url }).expect(201);
    await givenHook({ types: ['user.created'] });
    for (let i = 0; i < 10; i += 1) await acme.givenUser();
    await endpoint.waitFor('user.created', 10);
    await slow.stop();
  });

  it('are refused for private addresses and wrong types', async () => {
    const closed = await startApp();
    const globex = await givenTenant(closed);
    const refused = await globex.call('post', '/webhooks').send({ url: 'http://127.0.0.1:9/x' });
    expect(refused.status).to.equal(400);
    expect((refused.body as { errors: { pointer: string }[] }).errors[0]?.pointer).to.equal('/url');
    const wrong = await acme.call('post', '/webhooks').send({ url: endpoint.url, types: ['all of it'] });
    expect(wrong.status).to.equal(400);
    const unknown = await acme.call('post', '/webhooks').send({ url: endpoint.url, types: ['user.craeted'] });
    expect((unknown.body as { errors: object[] }).errors).to.deep.equal([
      {
        pointer: '/types/0',
        detail: 'there are no events of the type user.craeted: did you mean user.created?',
      },
    ]);
    await closed.stop();
  });

  it('are made, tried, replayed, removed and seen at work by readers of the audit trail alone', async () => {
    const { id } = await givenHook();
    const few = await acme.givenKey(['account.settings']);
    const calls = [
      ['post', '/webhooks', { url: endpoint.url }],
      ['patch', `/webhooks/${id}`, { enabled: false }],
      ['get', `/webhooks/${id}/deliveries`, undefined],
      ['post', `/webhooks/${id}/deliveries/any/replay`, undefined],
      ['post', `/webhooks/${id}/replay`, { since: new Date().toISOString() }],
      ['post', `/webhooks/${id}/test`, undefined],
      ['delete', `/webhooks/${id}`, undefined],
    ] as const;
    for (const [method, path, body] of calls) {
      const res = await acme.call(method, path, few).send(body);
      expect(res.body, `${method} ${path}`).to.include({ status: 403, code: 'auth.forbidden' });
    }
    await acme.call('get', `/webhooks/${id}`, few).expect(200);
  });

  it('are at most 20, and gone with their deliveries when they are removed', async () => {
    const { id } = await givenHook({ types: ['user.created'] });
    await acme.givenUser();
    await endpoint.waitFor('user.created');
    const rest = await Promise.all(
      Array.from({ length: 22 }, () =>
        acme.call('post', '/webhooks').send({ url: endpoint.url, enabled: false }),
      ),
    );
    expect(rest.filter(({ status }) => status === 201)).to.have.length(19);
    await acme.call('delete', `/webhooks/${id}`).expect(204);
    expect((await acme.call('get', `/webhooks/${id}`)).status).to.equal(404);
    const scope = app.core.store.tenant(acme.tenant._id);
    await eventually(
      async () => (await scope.collection('webhook_deliveries').count({})) === 0,
      'no delivery is left',
    );
  });
});

/** Rounds of delivery run beside the test. */
const patient = { seconds: 60 };

describe('webhooks whose endpoint fails', function () {
  this.timeout(120_000);
  let app: TestApp;
  let clock: ManualClock;
  let acme: ApiTenant;
  let endpoint: Endpoint;
  before(async () => {
    clock = new ManualClock();
    app = await startApp({ clock, config: { allowPrivateIssuers: true } });
  });
  beforeEach(async () => {
    acme = await givenTenant(app, { settings: { 'webhooks.disableAfterSeconds': 3600 } });
    endpoint = await startEndpoint((res) => res.writeHead(503).end('later'));
  });
  afterEach(() => endpoint.stop());
  after(() => app.stop());

  async function givenHook(): Promise<string> {
    const res = await acme.call('post', '/webhooks').send({ url: endpoint.url, types: ['user.created'] });
    return (res.body as Hook).id;
  }
  const hook = async (id: string) => (await acme.call('get', `/webhooks/${id}`)).body as Hook;
  const failed = (id: string, tries: number) =>
    eventually(
      async () => {
        const { body } = await acme.call('get', `/webhooks/${id}/deliveries`);
        const [first] = (body as { items: Delivery[] }).items;
        return first?.attempts.length === tries && first;
      },
      `${tries} tries`,
      patient,
    );

  it('are tried again after 5 seconds, 5 minutes, and so on, until one is taken', async () => {
    const id = await givenHook();
    await acme.givenUser();
    expect((await failed(id, 1)).attempts[0]).to.include({ status: 503, answer: 'later' });
    expect((await hook(id)).error).to.equal('HTTP 503');
    clock.advance(5_000);
    await failed(id, 2);
    clock.advance(299_000);
    endpoint.answer = (res) => res.writeHead(200).end();
    clock.advance(1_000);
    await eventually(async () => (await hook(id)).failingSince === null, 'it is taken', patient);
    expect((await failed(id, 3)).status).to.equal('delivered');
  });

  it('are switched off after the time that the setting says, with a mail to the administrators', async () => {
    const boss = await acme.givenUser({ roles: ['administrator'] });
    const id = await givenHook();
    await acme.givenUser();
    await failed(id, 1);
    clock.advance(3_600_000);
    await eventually(async () => !(await hook(id)).enabled, 'it is switched off', patient);
    expect(await hook(id)).to.include({ disabledReason: 'failing' });
    const [mail] = await waitForMails(app.core, boss.email ?? '');
    expect(mail).to.include({ template: 'webhook_disabled' });
    expect(mail?.text).to.include('it has taken nothing for 1 hour');

    await acme.givenUser();
    endpoint.answer = (res) => res.writeHead(200).end();
    await acme.call('patch', `/webhooks/${id}`).send({ enabled: true }).expect(200);
    clock.advance(86_400_000);
    await eventually(
      async () => {
        const { body } = await acme.call('get', `/webhooks/${id}/deliveries?status=delivered`);
        return (body as { total: number }).total === 2;
      },
      'what it missed is delivered',
      patient,
    );
    expect(await hook(id)).to.include({ enabled: true, disabledReason: null, failingSince: null });
  });

  it('are switched off at once by 410 Gone', async () => {
    endpoint.answer = (res) => res.writeHead(410).end();
    const id = await givenHook();
    await acme.givenUser();
    await eventually(async () => (await hook(id)).disabledReason === 'gone', 'it is switched off', patient);
  });
});
