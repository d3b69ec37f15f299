import { expect } from 'chai';
import type { SettingsPatch } from '../../../src/identity/tenants/settings.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { signIn, typeEmail, typePassword } from '../../support/sign-in.js';

const wrong = 'wrong wrong wrong';

const rules: readonly SettingsPatch[] = [
  {},
  { 'lockout.threshold': 2, 'lockout.lockSeconds': 60 },
  {
    'lockout.threshold': 3,
    'lockout.lockSeconds': 1800,
    'lockout.minGapSeconds': 3,
    'lockout.countMode': 'cumulative',
  },
  { 'lockout.threshold': 4, 'lockout.windowSeconds': 20 },
];

/** Seconds between the attempts: fast ones, slow ones, and some behind each tenant's lock. */
const rhythm = [0, 4, 1, 10, 61, 1, 900, 2000];

/** Everything a stranger can see of an answer. */
function seen(page: Page, email: string) {
  const headers = [...page.headers].filter(
    ([name]) => !['content-length', 'date', 'set-cookie', 'x-request-id'].includes(name),
  );
  const cookies = page.headers.getSetCookie().map((cookie) => cookie.split('=')[0]);
  const text = page.text
    .replaceAll(email, 'ADDRESS')
    .replace(/value="[^"]*"/g, 'value')
    .replace(/flow=[\w-]+/g, 'flow')
    .replace(/Reference: [\w-]+/g, 'reference');
  return { status: page.status, alert: page.alert, headers, cookies, text };
}

describe('known and unknown addresses', function () {
  this.timeout(120_000);
  const clock = new ManualClock();
  let app: TestApp;
  const tenants: { tenantId: string; slug: string; domain: string }[] = [];

  before(async () => {
    app = await startApp({ clock });
    for (const settings of rules) {
      const { tenantId, slug } = await givenTenant(app.core, settings);
      const domain = `${unique('domain')}.test`;
      tenants.push({ tenantId, slug, domain });
      await givenUser(app.core, tenantId, { email: `somebody@${domain}` });
    }
  });
  after(() => app.stop());

  async function play(email: string, query: string) {
    const answers = [];
    for (const seconds of rhythm) {
      clock.advance(seconds * 1000);
      const browser = openBrowser(app.url);
      const page = await typeEmail(browser, email, query);
      answers.push(seen(page, email), seen(await typePassword(browser, page, wrong), email));
    }
    return answers;
  }

  for (const index of rules.keys()) {
    for (const isNamed of [false, true]) {
      const where = isNamed ? 'where the tenant is named' : 'at a bare sign-in';
      it(`are alike in every answer ${where}, by the lock rules ${JSON.stringify(rules[index])}`, async () => {
        const { tenantId, slug, domain } = tenants[index]!;
        const known = `${unique('somebody')}@${domain}`;
        await givenUser(app.core, tenantId, { email: known });
        const query = isNamed ? `?tenant=${slug}` : '';
        const ofKnown = await play(known, query);
        expect(await play(`${unique('whosever')}@${domain}`, query)).to.deep.equal(ofKnown);
        expect(ofKnown.map(({ status }) => status)).to.include(429);
      });
    }
  }

  it('lock alike when the address has no password, is disabled, or waits for activation', async () => {
    const { tenantId, domain } = tenants[2]!;
    const expected = await play(`${unique('whosever')}@${domain}`, '');
    for (const person of [{ password: null }, { input: { active: false } }, { activated: false }]) {
      const email = `${unique('odd-case')}@${domain}`;
      await givenUser(app.core, tenantId, { email, ...person });
      expect(await play(email, '')).to.deep.equal(expected);
    }
  });

  it('lock by the rule of one tenant, where one address is known to several', async () => {
    const email = `${unique('both-two')}@${tenants[1]!.domain}`;
    for (const { tenantId } of tenants.slice(1, 3)) await givenUser(app.core, tenantId, { email });
    const both = await play(email, '');
    const single = await Promise.all(
      tenants.slice(1, 3).map(async ({ tenantId, domain }) => {
        const alone = `${unique('only-one')}@${domain}`;
        await givenUser(app.core, tenantId, { email: alone });
        return alone;
      }),
    );
    const plays = [];
    for (const alone of single) plays.push(JSON.stringify(await play(alone, '')));
    expect(plays).to.include(JSON.stringify(both));
  });

  it('act as some tenant’s where nobody has an address on the domain, always the same', async () => {
    const statuses = async (email: string) => (await play(email, '')).map(({ status }) => status).join();
    const possible = [];
    for (const { tenantId, domain } of tenants) {
      const email = `${unique('somebody')}@${domain}`;
      await givenUser(app.core, tenantId, { email });
      possible.push(await statuses(email));
    }
    for (let count = 0; count < 4; count += 1) {
      expect(possible).to.include(await statuses(`${unique('whosever')}@${unique('nowhere')}.test`));
    }
  });

  it('cost the same number of password checks, at however many tenants an address is known', async () => {
    const counts: number[] = [];
    const hasher = app.core.passwords;
    const verifyEach = hasher.verifyEach.bind(hasher);
    hasher.verifyEach = (stored, password, turn) => {
      counts.push(stored.length);
      return verifyEach(stored, password, turn);
    };
    try {
      for (const copies of [0, 1, 2, 3]) {
        const email = `${unique('copies')}@${tenants[0]!.domain}`;
        for (const { tenantId } of tenants.slice(0, copies)) await givenUser(app.core, tenantId, { email });
        for (let attempts = 0; attempts < 6; attempts += 1) {
          await signIn(openBrowser(app.url), email, `${wrong} ${attempts}`);
        }
      }
    } finally {
      hasher.verifyEach = verifyEach;
    }
    expect(counts).to.have.length(24);
    expect(new Set(counts)).to.deep.equal(new Set([3]));
  });

  it('leave no trace of addresses nobody has in the trail of a tenant that only lends its rules', async () => {
    const email = `${unique('whosever')}@${tenants[0]!.domain}`;
    await play(email, '');
    const events = app.core.store.server.collection('audit_events');
    expect(await events.count({ 'target.label': email })).to.equal(0);
  });

  it('get the same page at /forgot, with the address and the way back', async () => {
    const { tenantId, domain } = tenants[0]!;
    const known = `${unique('somebody')}@${domain}`;
    await givenUser(app.core, tenantId, { email: known });
    const nobody = `${unique('whosever')}@${domain}`;
    const ask = async (email: string) => seen(await openBrowser(app.url).post('/forgot', { email }), email);
    expect(await ask(nobody)).to.deep.equal(await ask(known));
  });
});
