import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import { readAdmission } from '../../../src/auth/admission.js';
import { openSession, sessionCookie } from '../../../src/auth/sessions.js';
import { systemActor } from '../../../src/identity/actors.js';
import { changeOwnPassword } from '../../../src/identity/credentials/own-password.js';
import {
  findResetHolder,
  resetPassword,
  setPasswordByToken,
} from '../../../src/identity/credentials/reset.js';
import { issueToken } from '../../../src/identity/credentials/one-time-tokens.js';
import { stepAt, totpCode } from '../../support/totp.js';
import { tenantSettings } from '../../../src/identity/tenants/settings.js';
import { beginTwoFactor, confirmTwoFactor } from '../../../src/identity/credentials/two-factor.js';
import { endAccess, expireAccess, setEnabled } from '../../../src/identity/users/actions.js';
import { inputOf } from '../../../src/identity/users/input.js';
import { getUser, updateUser, type UserDocument } from '../../../src/identity/users/users.js';
import { deleteUser } from '../../../src/identity/users/removal.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { givenTenant, givenUser, goodPassword, unique } from '../../support/people.js';
import { signIn, typeEmail, typePassword } from '../../support/sign-in.js';

const newPassword = 'an entirely different password';

describe('a sign-in beside the end of access', () => {
  /** It stands still: everything below happens in one and the same millisecond. */
  const clock = new ManualClock();
  let app: TestApp;
  let tenantId: string;

  before(async () => {
    app = await startApp({ clock });
    tenantId = (await givenTenant(app.core)).tenantId;
  });
  after(() => app.stop());

  async function resetLinkOf(user: UserDocument): Promise<string> {
    return app.core.store.transaction((tx) =>
      issueToken(tx, user, { isMailed: true, kind: 'password_reset', ttlSeconds: 900, now: clock.now() }),
    );
  }
  const isLive = async (browser: Browser): Promise<boolean> =>
    (await browser.get('/api/v1/me')).status === 200;
  const origin = { requestId: 'r', ip: '127.0.0.1' };

  for (const [what, change] of [
    ['address changes', { userName: `${unique('other')}@local.test`, attributes: {} }],
    ['password changes', { password: newPassword }],
  ] as const) {
    it(`a link is dead when the ${what} between the look at it and the new password`, async () => {
      const user = await givenUser(app.core, tenantId);
      const holder = (await findResetHolder(app.core, await resetLinkOf(user)))!;
      const {
        after: { version, ...changed },
      } = await updateUser(app.core, systemActor(tenantId), user._id, (stored) => ({
        ...inputOf(stored),
        ...change,
      }));
      const setting = await setPasswordByToken(app.core, holder, 'the thief’s own password', origin);
      expect(setting.kind).to.equal('dead');
      expect(await getUser(app.core, tenantId, user._id)).to.deep.include({
        version,
        userName: changed.userName,
      });
    });
  }

  /** What ends somebody's access, or makes the password they typed the old one. */
  const ends: Record<string, (user: UserDocument) => Promise<unknown>> = {
    'an administrator disables the user': (user) =>
      setEnabled(app.core, systemActor(tenantId), user._id, false),
    'the user is disabled and enabled again': async (user) => {
      await setEnabled(app.core, systemActor(tenantId), user._id, false);
      await setEnabled(app.core, systemActor(tenantId), user._id, true);
    },
    'a directory deactivates the user': (user) =>
      setEnabled(app.core, { ...systemActor(tenantId), directoryId: 'directory' }, user._id, false),
    'an administrator ends the user’s sessions': (user) =>
      endAccess(app.core, systemActor(tenantId), user._id),
    'the user is deleted': (user) => deleteUser(app.core, systemActor(tenantId), user._id),
    'an administrator sets another password': (user) =>
      updateUser(app.core, systemActor(tenantId), user._id, (stored) => ({
        ...inputOf(stored),
        password: newPassword,
      })),
    'the person changes the password': (user) =>
      changeOwnPassword(
        app.core,
        { ...systemActor(tenantId), party: { type: 'user', id: user._id, label: '' } },
        user,
        {
          currentPassword: goodPassword,
          newPassword,
        },
      ),
    'the person resets the password by a link': async (user) =>
      resetPassword(app.core, await resetLinkOf(user), newPassword, origin),
    'the access period ends': async (user) => {
      const accessExpiresAt = clock.now();
      await updateUser(app.core, systemActor(tenantId), user._id, (stored) => ({
        ...inputOf(stored),
        accessExpiresAt,
      }));
      await expireAccess(app.core, { tenantId, payload: { userId: user._id } } as never);
    },
  };

  /** After these the person may sign in again at once: a password judged later is good. */
  const opensAgain: ReadonlySet<string> = new Set([
    'the user is disabled and enabled again',
    'an administrator ends the user’s sessions',
  ]);

  for (const [what, end] of Object.entries(ends)) {
    it(`leaves no live session when ${what} between the judgement and the session`, async () => {
      const user = await givenUser(app.core, tenantId);
      const judged = (await readAdmission(app.core, tenantId, user._id))!;
      await end(user);
      const { session, token } = await openSession(app.core, new IncomingMessage(new Socket()), {
        ...judged,
        proof: { method: 'password', amr: ['pwd'], connectionId: null, providerSid: null },
      });
      const browser = openBrowser(app.url);
      await browser.jar.setCookie(`${sessionCookie}=${token}; Path=/`, app.url);
      expect(await isLive(browser)).to.equal(false);
      expect(session.userId).to.equal(user._id);
    });

    it(`leaves no live session when ${what} while the code of the second factor is typed`, async () => {
      const user = await givenUser(app.core, tenantId);
      const { secret } = await beginTwoFactor(app.core, user, await tenantSettings(app.core, tenantId));
      await confirmTwoFactor(app.core, systemActor(tenantId), user, totpCode(secret, stepAt(clock.now())));
      const browser = openBrowser(app.url);
      const page = await signIn(browser, user.userName, goodPassword);
      expect(page.text).to.include('name="code"');
      await end(user);
      clock.advance(60_000);
      const code = totpCode(secret, stepAt(clock.now()));
      const answer = await browser.post('/signin/2fa', { _csrf: page.fields['_csrf']!, code });
      expect(answer.status).to.be.oneOf([401, 403]);
      expect(await isLive(browser)).to.equal(false);
    });

    if (opensAgain.has(what)) continue;

    it(`leaves no live session when ${what} while the password is being checked`, async () => {
      const user = await givenUser(app.core, tenantId);
      const browser = openBrowser(app.url);
      const page = await typeEmail(browser, user.userName);
      const hasher = app.core.passwords;
      const verify = hasher.verifyEach.bind(hasher);
      let isDone = false;
      hasher.verifyEach = async (stored, password) => {
        const answer = await verify(stored, password);
        if (!isDone) {
          isDone = true;
          await end(user);
        }
        return answer;
      };
      try {
        const answer = await typePassword(browser, page, goodPassword);
        expect(answer.status).to.be.oneOf([401, 403]);
      } finally {
        hasher.verifyEach = verify;
      }
      expect(isDone).to.equal(true);
      expect(await isLive(browser)).to.equal(false);
    });

    it(`leaves no live session when ${what} beside parallel sign-ins`, async () => {
      const user = await givenUser(app.core, tenantId);
      const browsers = Array.from({ length: 6 }, () => openBrowser(app.url));
      const pages = await Promise.all(browsers.map((browser) => typeEmail(browser, user.userName)));
      const sending = browsers.map((browser, index) => typePassword(browser, pages[index]!, goodPassword));
      const [answers] = await Promise.all([Promise.all(sending), end(user)]);
      // 409 and 503: the database had too many changes of one person at once.
      for (const { status } of answers) expect(status).to.be.oneOf([303, 401, 403, 409, 429, 503]);
      const live = await Promise.all(browsers.map(isLive));
      expect(live).to.deep.equal(live.map(() => false));
    }).timeout(120_000);
  }

  it('takes no choice between accounts when the password was changed before it is made', async () => {
    const email = `${unique('both')}@local.test`;
    const other = (await givenTenant(app.core)).tenantId;
    const user = await givenUser(app.core, tenantId, { email });
    await givenUser(app.core, other, { email });
    const browser = openBrowser(app.url);
    const page = await signIn(browser, email, goodPassword);
    await ends['an administrator sets another password']!(user);
    const answer = await browser.post('/signin/choice', {
      _csrf: page.fields['_csrf']!,
      choice: page.fields['choice']!,
      user: user._id,
    });
    expect(answer.status).to.equal(403);
    expect(answer.alert).to.include('Please sign in again');
    expect(await isLive(browser)).to.equal(false);
  });

  it('counts a sign-in that is judged after the end, in the same millisecond too', async () => {
    const user = await givenUser(app.core, tenantId);
    await endAccess(app.core, systemActor(tenantId), user._id);
    await endAccess(app.core, systemActor(tenantId), user._id);
    const browser = openBrowser(app.url);
    expect((await signIn(browser, user.userName, goodPassword)).status).to.equal(303);
    expect(await isLive(browser)).to.equal(true);
    await endAccess(app.core, systemActor(tenantId), user._id);
    expect(await isLive(browser)).to.equal(false);
  });
});
