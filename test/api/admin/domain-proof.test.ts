import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { ManualClock } from '../../support/clock.js';
import { startDns, type TestDns } from '../../support/dns.js';
import { eventually } from '../../support/eventually.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { unique } from '../../support/people.js';

const dayMs = 86_400_000;

interface Entry {
  domain: string;
  verified: boolean;
  subdomains: boolean;
  checkedAt: string | null;
  missingSince: string | null;
  endsAt: string | null;
  record: { name: string; value: string };
}

describe('the proof of a domain by the name servers of DNS_SERVERS', () => {
  const clock = new ManualClock(new Date().toISOString());
  let dns: TestDns;
  let app: TestApp;
  let acme: ApiTenant;

  before(async () => {
    dns = await startDns();
    app = await startApp({ config: { dnsServers: [dns.address] }, clock });
    acme = await givenTenant(app);
  });
  after(async () => {
    await app.stop();
    await dns.stop();
  });

  async function connectionOf(tenant: ApiTenant, domain: string, more: object = {}) {
    const input = {
      name: unique('login'),
      issuer: 'https://idp.acme.test',
      clientId: 'gatehouse',
      domains: [domain],
      ...more,
    };
    const { body } = await tenant.call('post', '/sso-connections').send(input).expect(201);
    const path = `/sso-connections/${body.id}`;
    const entry = async (): Promise<Entry> => (await tenant.call('get', path).expect(200)).body.domains[0];
    const verify = () => tenant.call('post', `${path}/domains/${domain}/verify`).send({});
    const publish = async () => {
      const { record } = await entry();
      dns.zone.set(record.name, [[record.value]]);
      return record;
    };
    return { id: body.id as string, path, entry, verify, publish, record: body.domains[0].record };
  }

  /** A day passes, and the job looks once more. */
  async function nextDay(connection: { entry(): Promise<Entry> }, days = 1): Promise<Entry> {
    const { checkedAt } = await connection.entry();
    clock.advance(days * dayMs + 1000);
    return eventually(async () => {
      const entry = await connection.entry();
      return entry.checkedAt !== checkedAt || !entry.verified ? entry : undefined;
    }, 'the record is looked for again');
  }

  async function eventsOf(tenant: ApiTenant, id: string, action: string): Promise<number> {
    const { body } = await tenant.call('get', `/audit-events?action=${action}`).expect(200);
    return body.items.filter((event: { target: { id: string } }) => event.target.id === id).length;
  }

  it('needs the very text, and takes one in several chunks beside others', async () => {
    const domain = `${unique('company')}.test`;
    const { verify, record } = await connectionOf(acme, domain);
    expect(record.name).to.equal(`_gatehouse-challenge.${domain}`);
    await verify().expect(400);
    dns.zone.set(record.name, [['another text']]);
    await verify().expect(400);
    dns.zone.set(record.name, [['another text'], [record.value.slice(0, 10), record.value.slice(10)]]);
    const { body } = await verify().expect(200);
    expect(body.domains[0].verified).to.equal(true);
  });

  it('goes to another tenant by a record made after the former proof, and the former one is told', async () => {
    const domain = `${unique('company')}.test`;
    const globex = await givenTenant(app);
    const email = `${unique('ada')}@home.test`;
    await acme.givenUser({ email, roles: ['administrator'] });
    const [one, two] = [await connectionOf(acme, domain), await connectionOf(globex, domain)];
    dns.zone.set(one.record.name, [[one.record.value]]);
    await two.verify().expect(400);
    await one.verify().expect(200);
    dns.zone.set(two.record.name, [[two.record.value]]);
    clock.advance(1000);
    const { body } = await two.verify().expect(409);
    expect(body.code).to.equal('sso_connection.domain_taken');
    expect((await one.entry()).verified).to.equal(true);

    const fresh = await two.publish();
    expect(fresh.value).to.not.equal(two.record.value);
    await two.verify().expect(200);
    const lost = await one.entry();
    expect([lost.verified, lost.record.value === one.record.value]).to.deep.equal([false, false]);
    expect(await eventsOf(acme, one.id, 'sso.domain_lost')).to.equal(1);
    const [mail] = await waitForMails(app.core, email);
    expect(mail!.text).to.contain(domain).and.to.contain('Another connection');
    expect(mail!.text).to.not.contain('globex');
  });

  it('goes to one of several who prove it at once', async () => {
    const domain = `${unique('company')}.test`;
    const one = await connectionOf(acme, domain);
    await one.publish();
    await one.verify().expect(200);
    const others = await Promise.all([1, 2, 3].map(async () => connectionOf(await givenTenant(app), domain)));
    const name = `_gatehouse-challenge.${domain}`;
    const texts = () =>
      Promise.all(others.map(async ({ entry }) => [(await entry()).record.value])).then((all) =>
        dns.zone.set(name, all),
      );
    await texts();
    clock.advance(1000);
    for (const other of others) await other.verify().expect(409);
    await texts();
    const answers = await Promise.all(others.map((other) => other.verify()));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409, 409]);
    const holders = await Promise.all([one, ...others].map(async ({ entry }) => (await entry()).verified));
    expect(holders.filter(Boolean)).to.have.length(1);
  });

  it('is not taken from whom the operator of the server vouches for', async () => {
    const domain = `${unique('company')}.test`;
    const one = await connectionOf(acme, domain);
    const connections = app.core.store.tenant(acme.tenant._id).collection('sso_connections');
    await connections.update(one.id, (stored) => ({
      ...stored,
      domains: stored.domains.map((entry) => ({ ...entry, verified: true, verifiedAt: clock.now() })),
      verifiedDomains: [domain],
    }));
    clock.advance(1000);
    const two = await connectionOf(await givenTenant(app), domain);
    const { value } = await two.publish();
    await two.verify().expect(409);
    expect((await two.entry()).record.value).to.equal(value);
  });

  describe('looked for each day', () => {
    it('may be away for a week, is then asked for by mail and event, and ends the proof after a month', async () => {
      const tenant = await givenTenant(app);
      const email = `${unique('ada')}@home.test`;
      await tenant.givenUser({ email, roles: ['administrator'] });
      const domain = `${unique('company')}.test`;
      const connection = await connectionOf(tenant, domain, { mode: 'optional' });
      const record = await connection.publish();
      await connection.verify().expect(200);
      expect((await nextDay(connection)).missingSince).to.equal(null);

      dns.zone.delete(record.name);
      const missing = await nextDay(connection);
      expect([missing.verified, missing.missingSince]).to.deep.equal([true, clock.now().toISOString()]);
      const { body } = await tenant.call('get', connection.path).expect(200);
      expect(body.warnings.map(({ code }: { code: string }) => code)).to.include('domain_record_missing');
      expect(await eventsOf(tenant, connection.id, 'sso.domain_missing')).to.equal(0);

      const warned = await nextDay(connection, 7);
      expect([warned.verified, await eventsOf(tenant, connection.id, 'sso.domain_missing')]).to.deep.equal([
        true,
        1,
      ]);
      const [warning] = await waitForMails(app.core, email);
      expect(warning!.text).to.contain(record.name).and.to.contain(record.value);

      const lost = await nextDay(connection, 23);
      expect([lost.verified, lost.endsAt]).to.deep.equal([false, null]);
      expect(lost.record.value).to.not.equal(record.value);
      expect(await eventsOf(tenant, connection.id, 'sso.domain_lost')).to.equal(1);
      const mails = await waitForMails(app.core, email, 2);
      expect(mails[1]!.text).to.contain('away for too long');
    });

    it('counts again when it is back, and nothing is said of a short absence', async () => {
      const tenant = await givenTenant(app);
      const email = `${unique('ada')}@home.test`;
      await tenant.givenUser({ email, roles: ['administrator'] });
      const connection = await connectionOf(tenant, `${unique('company')}.test`);
      const record = await connection.publish();
      await connection.verify().expect(200);
      dns.zone.delete(record.name);
      expect((await nextDay(connection)).missingSince).to.not.equal(null);
      dns.zone.set(record.name, [[record.value]]);
      expect((await nextDay(connection)).missingSince).to.equal(null);
      expect(await mailsTo(app.core, email)).to.deep.equal([]);
      dns.zone.delete(record.name);
      await nextDay(connection);
      await nextDay(connection, 7);
      dns.zone.set(record.name, [[record.value]]);
      await connection.verify().expect(200);
      expect((await connection.entry()).missingSince).to.equal(null);
    });

    it('is not held to be away where the name servers fail', async () => {
      const connection = await connectionOf(acme, `${unique('company')}.test`);
      const record = await connection.publish();
      await connection.verify().expect(200);
      const { checkedAt } = await connection.entry();
      dns.zone.set(record.name, null);
      const before = dns.asked.get(record.name) ?? 0;
      clock.advance(dayMs + 1000);
      await eventually(() => (dns.asked.get(record.name) ?? 0) > before, 'the name server is asked');
      await eventually(async () => {
        const jobs = await app.core.store.server
          .collection('jobs')
          .find({ kind: 'sso.domain_check', tenantId: acme.tenant._id });
        return jobs.some(
          ({ payload, runAt }) => payload['connectionId'] === connection.id && runAt > clock.now(),
        );
      }, 'it is to be asked again');
      expect(await connection.entry()).to.include({ verified: true, missingSince: null, checkedAt });
    });
  });

  describe('with the domains below it', () => {
    const outcome = async (tenant: ApiTenant, email: string): Promise<string> =>
      (await tenant.call('get', `/sso-connections/trace?email=${email}`).expect(200)).body.outcome;

    it('counts for them where this was chosen, but for those that another connection has proven', async () => {
      const domain = `${unique('company')}.test`;
      const globex = await givenTenant(app);
      const one = await connectionOf(acme, domain, { mode: 'required' });
      await one.publish();
      await one.verify().expect(200);
      expect(await outcome(acme, `eve@mail.${domain}`)).to.equal('local');
      const entries = [{ domain, subdomains: true }];
      const { body } = await acme.call('patch', one.path).send({ domains: entries }).expect(200);
      expect(body.domains[0]).to.include({ verified: true, subdomains: true });
      for (const [email, expected] of [
        [`eve@mail.${domain}`, 'forwarded'],
        [`eve@a.b.${domain}`, 'forwarded'],
        [`eve@${domain}`, 'forwarded'],
        [`eve@not${domain}`, 'local'],
        [`eve@${domain}.evil.test`, 'local'],
      ] as const) {
        expect([email, await outcome(acme, email)]).to.deep.equal([email, expected]);
      }
      const two = await connectionOf(globex, `mail.${domain}`, { mode: 'required' });
      await two.publish();
      await two.verify().expect(200);
      expect(await outcome(acme, `eve@mail.${domain}`)).to.equal('local');
      expect(await outcome(globex, `eve@mail.${domain}`)).to.equal('forwarded');
      expect(await outcome(globex, `eve@${domain}`)).to.equal('local');
      await acme.call('patch', one.path).send({ domains: [{ domain, subdomains: false }] });
      expect(await outcome(acme, `eve@a.b.${domain}`)).to.equal('local');
    });

    it('is for a whole domain alone', async () => {
      const domains = [{ domain: `mail.${unique('company')}.test`, subdomains: true }];
      const input = {
        name: unique('login'),
        issuer: 'https://idp.acme.test',
        clientId: 'gatehouse',
        domains,
      };
      const { body } = await acme.call('post', '/sso-connections').send(input).expect(400);
      expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).to.deep.equal([
        '/domains/0/subdomains',
      ]);
    });
  });
});
