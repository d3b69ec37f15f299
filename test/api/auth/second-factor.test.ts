import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { stepAt, totpCode } from '../../support/totp.js';
import {
  beginTwoFactor,
  confirmTwoFactor,
  removeTwoFactor,
} from '../../../src/identity/credentials/two-factor.js';
import { tenantSettings } from '../../../src/identity/tenants/settings.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { givenTenant, givenUser, goodPassword } from '../../support/people.js';
import { attempt, signIn } from '../../support/sign-in.js';

interface Enrolment {
  email?: string;
  tenant?: string;
  /** The next code is another than the one that enrolled. */
  waits?: boolean;
}

describe('second factor', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let tenantId: string;

  before(async () => {
    app = await startApp({ clock });
    // Three failures lock for half an hour; all of an account counts together, whatever the browser.
    const lockout = {
      'lockout.threshold': 3,
      'lockout.lockSeconds': 1800,
      'lockout.devicesApart': false,
    };
    tenantId = (await givenTenant(app.core, lockout)).tenantId;
  });
  after(() => app.stop());

  async function enrolled({ email, tenant = tenantId, waits = true }: Enrolment = {}) {
    const user = await givenUser(app.core, tenant, email === undefined ? {} : { email });
    const { secret, otpauthUrl } = await beginTwoFactor(
      app.core,
      user,
      await tenantSettings(app.core, tenant),
    );
    expect(otpauthUrl).to.include(secret);
    const code = () => totpCode(secret, stepAt(clock.now()));
    const enrolmentCode = code();
    const backupCodes = await confirmTwoFactor(app.core, systemActor(tenant), user, enrolmentCode);
    if (waits) clock.advance(60_000);
    return { user, code, enrolmentCode, backupCodes };
  }

  const typeCode = (browser: Browser, page: Page, code: string): Promise<Page> =>
    browser.post('/signin/2fa', { _csrf: page.fields['_csrf']!, code });

  const isSignedIn = async (browser: Browser): Promise<boolean> =>
    (await browser.get('/account')).status === 200;

  it('is asked after the password; nobody is signed in before its code (Zitadel CVE-2025-64103)', async () => {
    const { user, code } = await enrolled();
    const browser = openBrowser(app.url);
    const page = await signIn(browser, user.userName, goodPassword);
    expect(page.status).to.equal(200);
    expect(page.text).to.include('name="code"').and.include('one-time-code');
    expect(await isSignedIn(browser)).to.equal(false);
    const done = await typeCode(browser, page, code());
    expect(done.status).to.equal(303);
    expect(await isSignedIn(browser)).to.equal(true);
    const [session] = await app.core.store.tenant(tenantId).collection('sessions').find({ userId: user._id });
    expect(session!.amr).to.deep.equal(['pwd', 'otp', 'mfa']);
  });

  it('does not take the code that switched the factor on for a sign-in in the same time step', async () => {
    const { user, enrolmentCode } = await enrolled({ waits: false });
    const browser = openBrowser(app.url);
    const page = await signIn(browser, user.userName, goodPassword);
    expect((await typeCode(browser, page, enrolmentCode)).status).to.equal(401);
    expect(await isSignedIn(browser)).to.equal(false);
  });

  const digits = (code: string, zero: number): string =>
    code.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));

  for (const [what, typed] of [
    ['spaces', (code: string) => ` ${code.slice(0, 3)} ${code.slice(3)} `],
    ['a hyphen', (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`],
    [
      'a long dash and a dot',
      (code: string) => `${code.slice(0, 2)}\u2013${code.slice(2, 4)}.${code.slice(4)}`,
    ],
    ['full-width digits', (code: string) => digits(code, 0xff10)],
    ['Arabic digits', (code: string) => digits(code, 0x0660)],
    ['Devanagari digits', (code: string) => digits(code, 0x0966)],
    ['mathematical bold digits', (code: string) => digits(code, 0x1d7ce)],
    ['invisible signs', (code: string) => `\u200e${code}\u200b`],
  ] as const) {
    it(`takes a code typed with ${what}`, async () => {
      const { user, code } = await enrolled();
      const browser = openBrowser(app.url);
      const page = await signIn(browser, user.userName, goodPassword);
      expect((await typeCode(browser, page, typed(code()))).status).to.equal(303);
    });
  }

  for (const [what, typed] of [
    ['a letter in it', (code: string) => `${code.slice(0, 3)}x${code.slice(3)}`],
    ['a digit more', (code: string) => `${code}0`],
    ['a digit less', (code: string) => code.slice(1)],
    ['a fraction for a digit', (code: string) => `${code.slice(1)}\u00bd`],
    ['nothing but signs', () => '---- ----'],
  ] as const) {
    it(`refuses a code with ${what}`, async () => {
      const { user, code } = await enrolled();
      const browser = openBrowser(app.url);
      const page = await signIn(browser, user.userName, goodPassword);
      expect((await typeCode(browser, page, typed(code()))).status).to.equal(401);
    });
  }

  it('takes a backup code in any case and width, and none with a sign that none has', async () => {
    const { user, backupCodes } = await enrolled();
    const enter = async (code: string): Promise<number> => {
      const browser = openBrowser(app.url);
      return (await typeCode(browser, await signIn(browser, user.userName, goodPassword), code)).status;
    };
    const wide = Array.from(backupCodes[0]!, (sign) =>
      String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0),
    );
    expect(await enter(`${backupCodes[0]!}1`)).to.equal(401);
    expect(await enter(wide.join(''))).to.equal(303);
  });

  it('takes each code once', async () => {
    const { user, code } = await enrolled();
    const first = openBrowser(app.url);
    const used = code();
    await typeCode(first, await signIn(first, user.userName, goodPassword), used);
    const second = openBrowser(app.url);
    const again = await typeCode(second, await signIn(second, user.userName, goodPassword), used);
    expect(again.status).to.equal(401);
    expect(await isSignedIn(second)).to.equal(false);
  });

  it('takes each backup code once, however it is typed', async () => {
    const { user, backupCodes } = await enrolled();
    expect(new Set(backupCodes).size).to.equal(10);
    const enter = async (code: string): Promise<number> => {
      const browser = openBrowser(app.url);
      return (await typeCode(browser, await signIn(browser, user.userName, goodPassword), code)).status;
    };
    expect(await enter(backupCodes[0]!.toLowerCase().replace('-', ' '))).to.equal(303);
    expect(await enter(backupCodes[0]!)).to.equal(401);
    clock.advance(10_000);
    expect(await enter(backupCodes[1]!)).to.equal(303);
    const stored = await app.core.store.tenant(tenantId).collection('credentials').get(user._id);
    expect(stored!.twoFactor!.backupCodes).to.have.length(8);
    expect(JSON.stringify(stored)).to.not.include(backupCodes[2]!);
  });

  it('locks by wrong codes as by wrong passwords, and the right password between them resets nothing (F-12)', async () => {
    const { user, code } = await enrolled();
    const statuses: number[] = [];
    for (let times = 0; times < 3; times += 1) {
      clock.advance(10_000);
      const browser = openBrowser(app.url);
      statuses.push(
        (await typeCode(browser, await signIn(browser, user.userName, goodPassword), '000000')).status,
      );
    }
    expect(statuses).to.deep.equal([401, 401, 429]);
    const events = app.core.store.tenant(tenantId).collection('audit_events');
    const [locked, more] = await events.find({ action: 'user.locked', 'target.id': user._id });
    expect(more).to.equal(undefined);
    expect(locked!.changes).to.deep.equal([{ path: 'reason', before: null, after: 'too_many_failures' }]);
    expect(await events.count({ action: 'login.failed', 'target.id': user._id })).to.equal(3);
    expect((await attempt(app.url, user.userName, goodPassword)).status).to.equal(429);
    clock.advance(1_800_000);
    const browser = openBrowser(app.url);
    const done = await typeCode(browser, await signIn(browser, user.userName, goodPassword), code());
    expect(done.status).to.equal(303);
    expect(await app.core.store.tenant(tenantId).collection('credentials').get(user._id)).to.include({
      failureCount: 0,
    });
  });

  it('honours a lock that came between the password and the code (Keycloak CVE-2026-9798)', async () => {
    const { user, code } = await enrolled();
    const browser = openBrowser(app.url);
    const page = await signIn(browser, user.userName, goodPassword);
    for (let times = 0; times < 3; times += 1) {
      clock.advance(10_000);
      await attempt(app.url, user.userName, 'wrong wrong wrong');
    }
    expect((await typeCode(browser, page, code())).status).to.equal(429);
    expect(await isSignedIn(browser)).to.equal(false);
  });

  it('honours a status that changed between the password and the code', async () => {
    const { user, code } = await enrolled();
    const browser = openBrowser(app.url);
    const page = await signIn(browser, user.userName, goodPassword);
    await setEnabled(app.core, systemActor(tenantId), user._id, false);
    const refused = await typeCode(browser, page, code());
    expect(refused.status).to.equal(403);
    expect(refused.alert).to.include('disabled');
  });

  it('cannot be come by without the password, in another browser, or after ten minutes', async () => {
    const { user, code } = await enrolled();
    const fresh = openBrowser(app.url);
    const start = await fresh.get('/signin');
    expect((await typeCode(fresh, start, code())).status).to.equal(403);
    const browser = openBrowser(app.url);
    const page = await signIn(browser, user.userName, goodPassword);
    expect((await typeCode(fresh, page, code())).status).to.equal(403);
    clock.advance(601_000);
    expect((await typeCode(browser, page, code())).status).to.equal(403);
  });

  it('is asked for after a choice between tenants too (Casdoor CVE-2026-9091)', async () => {
    const other = await givenTenant(app.core);
    const { user, code } = await enrolled();
    await givenUser(app.core, other.tenantId, { email: user.userName });
    const browser = openBrowser(app.url);
    const choice = await signIn(browser, user.userName, goodPassword);
    expect(choice.text).to.include('more than one organization');
    const page = await browser.post('/signin/choice', {
      _csrf: choice.fields['_csrf']!,
      choice: choice.fields['choice']!,
      user: user._id,
    });
    expect(page.text).to.include('name="code"');
    expect(await isSignedIn(browser)).to.equal(false);
    expect((await typeCode(browser, page, code())).status).to.equal(303);
  });

  it('is not asked where the tenant has it off, and no longer once it is taken away', async () => {
    const off = await givenTenant(app.core);
    const { user } = await enrolled({ tenant: off.tenantId });
    await app.core.store
      .tenant(off.tenantId)
      .collection('tenants')
      .update(off._id, (stored) => ({ ...stored, settings: { twoFactor: { mode: 'off' } } }));
    expect((await attempt(app.url, user.userName, goodPassword)).status).to.equal(303);
    const lost = await enrolled();
    await removeTwoFactor(app.core, systemActor(tenantId), lost.user);
    expect((await attempt(app.url, lost.user.userName, goodPassword)).status).to.equal(303);
  });

  it('counts for nothing before it was confirmed with a right code', async () => {
    const user = await givenUser(app.core, tenantId);
    await beginTwoFactor(app.core, user, await tenantSettings(app.core, tenantId));
    let refused: unknown;
    await confirmTwoFactor(app.core, systemActor(tenantId), user, '000000').catch((error: unknown) => {
      refused = error;
    });
    expect(refused).to.have.property('code', 'input.invalid');
    expect((await attempt(app.url, user.userName, goodPassword)).status).to.equal(303);
  });

  it('makes one session of a double click on its code', async () => {
    const { user, code } = await enrolled();
    const browser = openBrowser(app.url);
    const page = await signIn(browser, user.userName, goodPassword);
    const typed = code();
    const answers = await Promise.all([1, 2].map(() => typeCode(browser, page, typed)));
    expect(answers.map(({ status }) => status)).to.deep.equal([303, 303]);
    // The second click may also come when the first has been answered.
    expect((await typeCode(browser, page, typed)).status).to.equal(303);
  });

  for (const [kind, typed] of [
    ['hyphens', (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`],
    ['wide spaces', (code: string) => `${code.slice(0, 3)}\u3000${code.slice(3)}`],
    [
      'full-width digits',
      (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    ],
    [
      'Arabic digits',
      (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit))),
    ],
    [
      'Devanagari digits',
      (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0x966 + Number(digit))),
    ],
  ] as const) {
    it(`takes a code that is typed with ${kind}`, async () => {
      const { user, code } = await enrolled();
      const browser = openBrowser(app.url);
      const page = await signIn(browser, user.userName, goodPassword);
      expect((await typeCode(browser, page, typed(code()))).status).to.equal(303);
    });
  }
});
