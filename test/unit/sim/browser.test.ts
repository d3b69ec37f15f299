import { expect } from 'chai';
import { simpleCookieJar } from '../../../src/sim/cookie-jar.js';
import { NoSuchForm, openBrowser } from '../../../src/sim/browser.js';
import { alertOf, formsOf } from '../../../src/sim/html-forms.js';
import { listen, type Listener } from '../../../src/sim/listener.js';
import { formatEvent } from '../../../src/sim/narrator.js';

describe('the simulator reads pages', () => {
  it('finds the fields and buttons of a form with their decoded values', () => {
    const [form] = formsOf(
      `<form method="post" action='/signin?a=1&amp;b=2'><input type=hidden name="_csrf" value="x&#39;y"><input name="email" required>
       <input type="checkbox" name="terms"><button name="user" value="7">Ada</button></form>`,
    );
    expect(form).to.deep.equal({
      action: '/signin?a=1&b=2',
      method: 'POST',
      fields: new Map([
        ['_csrf', "x'y"],
        ['email', ''],
      ]),
      buttons: [{ name: 'user', value: '7' }],
    });
  });

  it('reads what a page says in its alert, without the markup', () => {
    expect(alertOf('<div class="a" role="alert"><b>Not</b> here &amp; now</div>')).to.equal('Not here & now');
    expect(alertOf('<p>nothing</p>')).to.equal(undefined);
  });
});

describe('the simulator keeps cookies', () => {
  const send = async (jar: ReturnType<typeof simpleCookieJar>, url: string): Promise<string> =>
    jar.getCookieString(url);

  it('sends a cookie to its host and path alone, whatever the port', async () => {
    const jar = simpleCookieJar();
    await jar.setCookie('a=1; Path=/login; HttpOnly', 'http://localhost:3000/x');
    await jar.setCookie('b=2', 'http://localhost:3000/deep/page');
    expect(await send(jar, 'http://localhost:3001/login/7')).to.equal('a=1');
    expect(await send(jar, 'http://localhost:3001/loginpage')).to.equal('');
    expect(await send(jar, 'http://localhost:3000/deep/other')).to.equal('b=2');
    expect(await send(jar, 'http://127.0.0.1:3000/login')).to.equal('');
  });

  it('drops a cookie that has ended or is ended by the server', async () => {
    let now = 1_000_000;
    const jar = simpleCookieJar(() => now);
    await jar.setCookie('a=1; Path=/; Max-Age=10', 'http://localhost/');
    await jar.setCookie('b=1; Path=/', 'http://localhost/');
    await jar.setCookie('b=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'http://localhost/');
    expect(await send(jar, 'http://localhost/')).to.equal('a=1');
    now += 10_001;
    expect(await send(jar, 'http://localhost/')).to.equal('');
  });
});

describe('the simulator narrates', () => {
  it('puts time, request, answer, meaning and expectation on one line', () => {
    const line = formatEvent({
      at: new Date(2026, 10, 22, 12, 4, 11),
      what: 'PATCH /Users/01990f00-1111-7222-8333-1234567803e1',
      status: 200,
      ms: 18.2,
      note: 'active -> false',
      expected: '200',
      faults: [],
    });
    expect(line).to.equal('12:04:11 PATCH /Users/0199…03e1 200 18 ms  active -> false  | expected 200');
  });

  it('shouts when an answer is not the expected one', () => {
    const line = formatEvent({
      at: new Date(),
      what: 'GET /Users',
      note: 'n',
      expected: '200',
      faults: ['answered 500'],
    });
    expect(line).to.match(/expected 200 {2}UNEXPECTED: answered 500$/);
  });
});

describe('the simulator browses', () => {
  let site: Listener;
  const asked: string[] = [];

  before(async () => {
    site = await listen(0);
    site.serve((req, res) => {
      asked.push(`${req.method ?? ''} ${req.url ?? ''}`);
      if (req.url === '/loop') res.writeHead(302, { location: '/loop' }).end();
      else if (req.url === '/see-other') res.writeHead(303, { location: '/page' }).end();
      else if (req.url === '/repeat') res.writeHead(307, { location: '/page' }).end();
      else
        res.end(
          '<form method="post" action="/repeat"><input name="a" value="1"></form><form action="/page"><button name="go" value="x"></form>',
        );
    });
  });
  beforeEach(() => {
    asked.length = 0;
  });
  after(() => site.stop());

  it('repeats a post after 307 and turns it into a visit after 303', async () => {
    const browser = openBrowser(simpleCookieJar());
    const page = await browser.get(`${site.url}/page`);
    await browser.submit(page, { a: '2' });
    await browser.submit({ ...page, body: page.body.replace('/repeat', '/see-other') }, { a: '2' });
    expect(asked).to.deep.equal(['GET /page', 'POST /repeat', 'POST /page', 'POST /see-other', 'GET /page']);
  });

  it('presses the only button of a form that gets', async () => {
    const browser = openBrowser(simpleCookieJar());
    const page = await browser.submit(await browser.get(`${site.url}/page`), {}, '/page');
    expect(page.url).to.equal(`${site.url}/page?go=x`);
  });

  it('gives up on redirects without end, and says what form it missed', async () => {
    const browser = openBrowser(simpleCookieJar());
    const failed = await browser.get(`${site.url}/loop`).catch((error: unknown) => error);
    expect(String(failed)).to.contain('redirects without end');
    const page = await browser.get(`${site.url}/page`);
    const missed = await browser.submit(page, { email: 'x' }).catch((error: unknown) => error);
    expect(missed).to.be.instanceOf(NoSuchForm);
    expect(String(missed)).to.contain('has no form with email');
  });
});
