import { expect } from 'chai';
import { watchRound } from '../../../src/identity/watch/watch.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { idpClient, startIdp, type Idp } from '../../support/idp.js';

const minuteMs = 60_000;
const hourMs = 3_600_000;

interface Health {
  id: string;
  state: string;
  checks: { name: string; ok: boolean }[];
  lastRequestAt?: string | null;
  usualGapSeconds?: number | null;
}

describe('the watch over connections and directories', () => {
  const clock = new ManualClock('2026-03-02T08:00:00.000Z');
  let app: TestApp;
  let acme: ApiTenant;
  let idp: Idp;
  before(async () => {
    idp = await startIdp();
    app = await startApp({ clock, config: { allowPrivateIssuers: true } });
    acme = await givenTenant(app);
  });
  after(async () => {
    await app.stop();
    await idp.stop();
  });

  const made = async (path: string, body: object): Promise<string> => {
    const answer = await acme.call('post', path).send(body);
    expect(answer.status, answer.text).to.equal(201);
    return (answer.body as { id: string }).id;
  };
  const health = async (path: string, id: string): Promise<Health> => {
    const { items } = (await acme.call('get', `/watch/${path}`)).body as { items: Health[] };
    return items.find((item) => item.id === id)!;
  };
  const round = async (afterMs: number): Promise<void> => {
    clock.advance(afterMs);
    await watchRound(app.core);
  };
  const actions = async (target: string): Promise<string[]> =>
    (
      (await acme.call('get', `/audit-events?target=${target}&limit=100&sort=at`)).body as {
        items: { action: string }[];
      }
    ).items.map(({ action }) => action);

  it('tells when a provider is not fit for sign-ins twice in a row, and when it is again', async () => {
    const id = await made('/sso-connections', {
      ...{ name: 'Idp', issuer: idp.issuer, ...idpClient, mode: 'optional' },
    });
    const off = await made('/sso-connections', {
      name: 'Off',
      issuer: idp.issuer,
      ...idpClient,
      mode: 'off',
    });
    expect((await health('sso-connections', id)).state).to.equal('waiting');
    await round(15 * minuteMs);
    const good = await health('sso-connections', id);
    expect(good.checks.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(good.state).to.equal('ok');
    expect(good.checks.map(({ name }) => name)).to.include.members([
      'discovery',
      'keys',
      'client',
      'sign-in',
    ]);
    expect((await health('sso-connections', off)).state).to.equal('off');
    idp.misbehaviour = { tokenError: { status: 401, error: 'invalid_client' } };
    await round(15 * minuteMs);
    expect((await health('sso-connections', id)).state).to.equal('ok');
    await round(15 * minuteMs);
    const bad = await health('sso-connections', id);
    expect(bad.state).to.equal('failing');
    expect(bad.checks.filter(({ ok }) => !ok).map(({ name }) => name)).to.deep.equal(['client']);
    idp.misbehaviour = {};
    await round(15 * minuteMs);
    expect((await health('sso-connections', id)).state).to.equal('ok');
    const told = (await actions(id)).filter((action) => action.startsWith('sso.connection'));
    expect(told).to.deep.equal(['sso.connection_failing', 'sso.connection_recovered']);
  });

  it('learns when a directory calls, and tells when it is silent for longer than that', async () => {
    const id = await made('/directories', { name: 'D' });
    const { token } = (await acme.call('post', `/directories/${id}/tokens`).send({ name: 't' })).body as {
      token: string;
    };
    const called = async (): Promise<void> => {
      const tokens = app.core.store.tenant(acme.tenant._id).collection('scim_tokens');
      const [one] = await tokens.find({ directoryId: id });
      expect(token).to.be.a('string');
      await tokens.update(one!._id, (stored) => ({ ...stored, lastUsedAt: clock.now() }));
    };
    await round(15 * minuteMs);
    expect((await health('directories', id)).state).to.equal('learning');
    // Once a day; the looks in between change nothing here.
    const look = async (): Promise<void> => {
      const heartbeats = app.core.store.tenant(acme.tenant._id).collection('heartbeats');
      await heartbeats.update(id, (stored) => ({
        ...stored,
        rhythm: { ...stored.rhythm!, checkedAt: new Date(clock.now().getTime() - minuteMs) },
      }));
      await watchRound(app.core);
    };
    for (let call = 0; call < 10; call += 1) {
      clock.advance(24 * hourMs);
      await called();
      await look();
    }
    const learned = await health('directories', id);
    expect(learned).to.include({ state: 'ok', usualGapSeconds: 24 * 3600 });
    clock.advance(61 * hourMs);
    await look();
    expect((await health('directories', id)).state).to.equal('failing');
    await called();
    clock.advance(5 * minuteMs);
    await look();
    expect((await health('directories', id)).state).to.equal('ok');
    const told = (await actions(id)).filter((action) => /silent|heard/.test(action));
    expect(told).to.deep.equal(['directory.silent', 'directory.heard']);
  });

  it('watches no more what is gone, and is in the metrics', async () => {
    const id = await made('/directories', { name: 'Gone' });
    await round(15 * minuteMs);
    const metrics = await fetch(`${app.url}/metrics`);
    expect(await metrics.text()).to.match(/heartbeats\{kind="directory",state="learning"\} [1-9]/);
    expect((await acme.call('delete', `/directories/${id}`)).status).to.equal(204);
    await round(15 * minuteMs);
    const heartbeats = app.core.store.tenant(acme.tenant._id).collection('heartbeats');
    expect(await heartbeats.get(id)).to.equal(undefined);
  });
});
