import { expect } from 'chai';
import { applyBootstrap, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { firstRunToken } from '../../../src/identity/bootstrap/first-run.js';
import { presetNames } from '../../../src/identity/tenants/settings.js';
import { startApp, type TestApp, type TestAppOptions } from '../../support/app.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { asOtherProcess } from '../../support/other-process.js';
import { signIn } from '../../support/sign-in.js';

const password = 'seven quiet herons wait';
const form = {
  organization: 'Müller & Söhne',
  slug: '',
  preset: 'default',
  givenName: 'Ada',
  familyName: 'Lovelace',
  email: 'ada@mueller.test',
  password,
  password2: password,
};

/** A server on which nothing is set up, with the address it would print. */
interface FreshServer {
  app: TestApp;
  browser: Browser;
  path: string;
}

async function onFresh(work: (fresh: FreshServer) => Promise<void>, options: TestAppOptions = {}) {
  const app = await startApp(options);
  try {
    const path = `/first-run/${(await firstRunToken(app.core)) ?? ''}`;
    await work({ app, browser: openBrowser(app.url), path });
  } finally {
    await app.stop();
  }
}

/** Opens the form and sends it. */
async function send({ browser, path }: FreshServer, fields: Record<string, string> = form): Promise<Page> {
  const page = await browser.get(path);
  return browser.post(path, { ...page.fields, ...fields });
}

const keyOf = (page: Page): string => /gh_sk_[\w-]+/.exec(page.text)?.[0] ?? '';

function callApi({ app }: FreshServer, page: Page, path: string): Promise<Response> {
  return fetch(`${app.url}/api/v1${path}`, { headers: { authorization: `Bearer ${keyOf(page)}` } });
}

const tenantsOf = ({ app }: FreshServer) => app.core.store.server.collection('tenants').find({});

describe('the first run', () => {
  it('makes the organization, its administrator and a key that opens the API, and signs the person in', () =>
    onFresh(async (fresh) => {
      const done = await send(fresh);
      expect(done.status).to.equal(200);
      const users = await callApi(fresh, done, '/users');
      expect(users.status).to.equal(200);
      const { items } = (await users.json()) as { items: Record<string, unknown>[] };
      expect(items).to.have.length(1);
      expect(items[0]).to.include({ email: form.email, status: 'active', givenName: 'Ada', approved: true });
      expect(items[0]?.['roles']).to.have.nested.property('[0].role', 'administrator');
      expect((await tenantsOf(fresh)).map(({ slug, name }) => ({ slug, name }))).to.deep.equal([
        { slug: 'muller-sohne', name: form.organization },
      ]);
      expect((await fresh.browser.get('/api/v1/me')).status).to.equal(200);
      const later = await signIn(openBrowser(fresh.app.url), form.email, password);
      expect(later.location).to.equal(`${fresh.app.url}/account`);
    }));

  it('gives a key of the operator too, where the server is for many organizations', () =>
    onFresh(async (fresh) => {
      const done = await send(fresh, { ...form, reach: 'many' });
      const key = /gh_op_[\w-]+/.exec(done.text)?.[0] ?? '';
      const answer = await fetch(`${fresh.app.url}/api/v1/tenants`, {
        headers: { authorization: `Bearer ${key}` },
      });
      const { items } = (await answer.json()) as { items: { slug: string }[] };
      expect(items.map(({ slug }) => slug)).to.include('muller-sohne');
    }));

  it('records what it made as done by the first run, with no secret in it', () =>
    onFresh(async (fresh) => {
      const done = await send(fresh);
      const trail = await (await callApi(fresh, done, '/audit-events')).text();
      const { items } = JSON.parse(trail) as { items: { action: string; actor: { label: string } }[] };
      const made = items.filter(({ actor }) => actor.label === 'first run').map(({ action }) => action);
      expect(made).to.have.members(['tenant.created', 'user.created', 'api_key.created']);
      expect(trail).to.not.include(keyOf(done)).and.not.include(password);
    }));

  for (const preset of presetNames) {
    it(`gives an administrator of the preset ${preset} everything the settings need`, () =>
      onFresh(async (fresh) => {
        const done = await send(fresh, { ...form, preset, slug: 'own' });
        expect(done.status, done.alert).to.equal(200);
        expect((await callApi(fresh, done, '/settings')).status).to.equal(200);
        expect((await tenantsOf(fresh))[0]).to.include({ slug: 'own', preset });
      }));
  }

  it('works once: the address is dead afterwards, for the form that was open already too', () =>
    onFresh(async (fresh) => {
      const open = await fresh.browser.get(fresh.path);
      expect((await send(fresh)).status).to.equal(200);
      const late = await fresh.browser.post(fresh.path, { ...open.fields, ...form, slug: 'second' });
      const again = await fresh.browser.get(fresh.path);
      for (const page of [late, again]) {
        expect(page.status).to.equal(410);
        expect(page.text).to.not.include('type="password"');
      }
      expect(await tenantsOf(fresh)).to.have.length(1);
      expect(await firstRunToken(fresh.app.core)).to.equal(undefined);
    }));

  it('makes one tenant of many posts at once, and nobody else gets a key', () =>
    onFresh(async (fresh) => {
      const { fields } = await fresh.browser.get(fresh.path);
      const pages = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          openBrowser(fresh.app.url).post(fresh.path, {
            ...fields,
            ...form,
            slug: `tenant-${index}`,
            email: `ada${index}@mueller.test`,
          }),
        ),
      );
      const winners = pages.filter(({ status }) => status === 200);
      expect(winners).to.have.length(1);
      expect(pages.filter(({ status }) => status === 410)).to.have.length(5);
      expect(pages.filter((page) => keyOf(page) !== '')).to.have.length(1);
      expect(await tenantsOf(fresh)).to.have.length(1);
      expect(await fresh.app.core.store.server.collection('users').count({})).to.equal(1);
      expect(await fresh.app.core.store.server.collection('api_keys').count({})).to.equal(1);
    })).timeout(120_000);

  it('is over once a tenant came another way', () =>
    onFresh(async (fresh) => {
      const { fields } = await fresh.browser.get(fresh.path);
      await applyBootstrap(fresh.app.core, parseBootstrap({ tenants: [{ slug: 'acme', name: 'Acme' }] }));
      expect((await fresh.browser.get(fresh.path)).status).to.equal(410);
      expect((await fresh.browser.post(fresh.path, { ...fields, ...form })).status).to.equal(410);
      expect(await tenantsOf(fresh)).to.have.length(1);
      expect((await fresh.browser.get('/')).location).to.equal(`${fresh.app.url}/account`);
    }));

  it('answers any other token as a dead one', () =>
    onFresh(async (fresh) => {
      for (const token of [
        'x',
        fresh.path.slice(11, -1),
        `${fresh.path.slice(11)}x`,
        '%E0%A4%A',
        'first-run',
      ]) {
        const page = await fresh.browser.get(`/first-run/${token}`);
        expect(page.status, token).to.be.oneOf([400, 410]);
        expect(page.text).to.not.include('type="password"');
      }
    }));

  it('keeps one token for every start and every process, until it is used', () =>
    onFresh(async ({ app, path }) => {
      const tokens = await Promise.all([firstRunToken(app.core), firstRunToken(asOtherProcess(app.core))]);
      for (const token of tokens) expect(path).to.equal(`/first-run/${token}`);
      const kept = await app.core.store.server.collection('kept_keys').find({});
      expect(JSON.stringify(kept)).to.not.include(path.slice('/first-run/'.length));
    }));
});

describe('the address of the first run', () => {
  const forwarding: Record<string, string>[] = [
    { 'x-forwarded-for': '203.0.113.9' },
    { 'x-forwarded-for': '127.0.0.1' },
    { forwarded: 'for=203.0.113.9' },
    { 'x-forwarded-host': 'id.example.com' },
    { 'x-forwarded-proto': 'https' },
    { 'x-forwarded-port': '443' },
    { 'x-real-ip': '203.0.113.9' },
    { via: '1.1 proxy' },
  ];
  for (const trustProxy of [undefined, '1', '127.0.0.1']) {
    it(`is refused to everybody who comes through a proxy (TRUST_PROXY ${trustProxy ?? 'not set'})`, () =>
      onFresh(
        async (fresh) => {
          const { fields } = await fresh.browser.get(fresh.path);
          for (const headers of forwarding) {
            const shown = await fresh.browser.get(fresh.path, headers);
            const sent = await fresh.browser.post(fresh.path, { ...fields, ...form }, headers);
            for (const page of [shown, sent]) {
              expect(page.status, JSON.stringify(headers)).to.equal(403);
              expect(page.alert).to.match(/machine the server runs on/);
              expect(page.text).to.not.include('type="password"');
            }
          }
          expect(await tenantsOf(fresh)).to.have.length(0);
          expect((await send(fresh)).status).to.equal(200);
        },
        { config: { trustProxy } },
      ));
  }

  it('takes no form of another site, and none without its token', () =>
    onFresh(async (fresh) => {
      const { fields } = await fresh.browser.get(fresh.path);
      const { _csrf: own = '', ...rest } = { ...fields, ...form };
      for (const _csrf of ['', 'x', `${own}x`, own.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))]) {
        expect((await fresh.browser.post(fresh.path, { ...rest, _csrf })).status, _csrf).to.equal(403);
      }
      const crossSite = { 'sec-fetch-site': 'cross-site' };
      expect((await fresh.browser.post(fresh.path, { ...rest, _csrf: own }, crossSite)).status).to.equal(403);
      expect(await tenantsOf(fresh)).to.have.length(0);
    }));
});

describe('the form of the first run', () => {
  const faults: [string, Partial<typeof form>, RegExp][] = [
    ['no name', { organization: '  ' }, /name of the organization is missing/],
    [
      'a name that is too long',
      { organization: 'x'.repeat(256) },
      /name of the organization must have at most/,
    ],
    ['a name with an invisible character', { organization: 'Ac\u200Bme' }, /invisible/],
    ['a slug with odd characters', { slug: 'Acme Corp' }, /short name must be lower-case/],
    ['a preset that is none', { preset: 'nope' }, /must be one of default/],
    ['an address that is none', { email: 'ada' }, /valid email/],
    ['two passwords that differ', { password2: 'another one that is long' }, /not the same/],
    ['a short password', { password: 'abc', password2: 'abc' }, /at least 12 characters/],
    ['a common password', { password: 'password1234', password2: 'password1234' }, /too common/],
    [
      'a password that is the address',
      { password: form.email, password2: form.email },
      /must not be your address/,
    ],
    [
      'a password made of the organization’s name',
      { organization: 'Zyxomma', password: 'zyxomma-2026!', password2: 'zyxomma-2026!' },
      /organization’s name/,
    ],
    ['a last name that is too long', { familyName: 'x'.repeat(1025) }, /last name must have at most/],
  ];
  for (const [title, fields, alert] of faults) {
    it(`shows the form again for ${title}, keeps what was typed, and makes nothing`, () =>
      onFresh(async (fresh) => {
        const page = await send(fresh, { ...form, ...fields });
        expect(page.status).to.equal(400);
        expect(page.alert).to.match(alert);
        expect(page.fields['givenName']).to.equal('Ada');
        expect(page.fields['email']).to.equal({ ...form, ...fields }.email);
        expect(page.fields).to.not.have.property('password');
        expect(await tenantsOf(fresh)).to.have.length(0);
        expect((await send(fresh)).status).to.equal(200);
      }));
  }

  it('tells all faults at once', () =>
    onFresh(async (fresh) => {
      const page = await send(fresh, {
        ...form,
        organization: '',
        email: 'x',
        slug: '-',
        password: 'a',
        password2: 'a',
      });
      expect(page.alert).to.match(/organization.*short name.*email.*password/s);
    }));

  for (const [name, slug] of [
    ['Acme', 'acme'],
    ['  Acme   Inc. ', 'acme-inc'],
    ['Ärzte-Haus 24', 'arzte-haus-24'],
    ['株式会社', 'main'],
    ['x'.repeat(100), 'x'.repeat(63)],
  ] as const) {
    it(`makes ${slug} of the name ${name.trim()}`, () =>
      onFresh(async (fresh) => {
        expect((await send(fresh, { ...form, organization: name })).status).to.equal(200);
        expect((await tenantsOf(fresh))[0]?.slug).to.equal(slug);
      }));
  }
});

describe('the bare address of a server on which nothing is set up', () => {
  it('says how to begin, and never shows the token', () =>
    onFresh(async ({ browser, path }) => {
      const page = await browser.get('/');
      expect(page.status).to.equal(200);
      expect(page.text)
        .to.match(/printed an address/)
        .and.include('/first-run/');
      expect(page.text).to.not.include(path);
      for (const shown of [page, await browser.get(path)]) {
        expect(shown.headers.get('cache-control')).to.equal('no-store');
        expect(shown.headers.get('content-security-policy')).to.include("default-src 'none'");
        expect(shown.headers.get('referrer-policy')).to.equal('no-referrer');
      }
    }));
});
