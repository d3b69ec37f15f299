import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser } from '../../support/browser.js';

const password = 'correct horse battery staple';

describe('the address of the console', () => {
  let app: TestApp;
  let browser: Browser;
  before(async () => {
    const users = [{ email: 'ada@acme.test', password, roles: ['administrator'] }];
    app = await startApp({ bootstrap: { tenants: [{ slug: 'acme', name: 'Acme', users }] } });
    browser = openBrowser(app.url);
  });
  after(() => app.stop());

  async function signIn(page: Awaited<ReturnType<Browser['get']>>) {
    const typed = await browser.post('/signin', { ...page.fields, email: 'ada@acme.test' });
    return browser.post('/signin/password', { ...typed.fields, password });
  }

  it('leads a stranger to the sign-in, and from there back to path and query', async () => {
    const refused = await browser.get('/admin/users?status=locked');
    expect(refused.status).to.equal(303);
    const page = await browser.get(refused.location!);
    const done = await signIn(page);
    expect(done.location).to.equal(`${app.url}/admin/users?status=locked`);
  });

  it('answers with a page that runs its own scripts alone and is never kept', async () => {
    const { status, headers, text } = await browser.get('/admin/anything/below');
    expect(status).to.equal(200);
    expect(headers.get('cache-control')).to.equal('no-store');
    const nonce = /name="csp-nonce" content="([\w-]{20,})"/.exec(text)?.[1];
    const policy = headers.get('content-security-policy')!;
    expect(policy)
      .to.include(`'nonce-${nonce}'`)
      .and.include("script-src 'self'")
      .and.include("frame-ancestors 'none'");
    expect(policy).not.to.include('unsafe');
    const again = await browser.get('/admin');
    expect(again.text).not.to.include(nonce!);
  });

  it('serves its files for ever, compressed, and 404 for others', async () => {
    const { text } = await browser.get('/admin');
    const script = /src="(\/admin\/assets\/[^"]+\.js)"/.exec(text)![1]!;
    const file = await fetch(app.url + script, { headers: { 'accept-encoding': 'gzip' } });
    expect(file.status).to.equal(200);
    expect(file.headers.get('cache-control')).to.include('immutable');
    expect(file.headers.get('content-encoding')).to.equal('gzip');
    expect((await fetch(`${app.url}/admin/assets/nothing.js`)).status).to.equal(404);
  });
});
