import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { suspendCustomer } from '../../../src/identity/operator/customers.js';
import { updateConnection, type SsoConnectionDocument } from '../../../src/identity/sso/connections.js';
import type { TenantDocument } from '../../../src/identity/tenants/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { callbackUri, relyingParty, type RelyingParty } from '../../support/oidc.js';
import { givenTenant, givenUser, goodPassword, unique } from '../../support/people.js';
import {
  answerOf,
  ask,
  enterLocally,
  givenServerApplication,
  typeAddress,
} from '../../support/server-applications.js';
import { signIn as enterPages } from '../../support/sign-in.js';
import { atProvider, givenConnection, signInAtProvider } from '../../support/sso.js';

const sessions = ['acme', 'globex', 'none'] as const;
const modes = ['required', 'optional', 'local'] as const;
const organizations = ['acme', 'globex', 'unknown', 'suspended', 'absent'] as const;
const hints = ['acme', 'globex', 'unknown'] as const;

type Session = (typeof sessions)[number];
type Organization = (typeof organizations)[number];
type Hint = (typeof hints)[number];

/** What a request must come to: an error, or a person of this tenant, or nothing. */
function expected(
  session: Session,
  organization: Organization,
  hint: Hint,
): 'error' | 'none' | 'acme' | 'globex' {
  if (organization === 'unknown' || organization === 'suspended') return 'error';
  if (session !== 'none' && (organization === 'absent' || organization === session)) return session;
  if (hint === 'unknown' || (organization !== 'absent' && organization !== hint)) return 'none';
  return hint;
}

describe('a connection of one tenant never makes a token of another', () => {
  let app: TestApp;
  let idp: Idp;
  let acme: TenantDocument;
  let globex: TenantDocument;
  let suspended: TenantDocument;
  let connection: SsoConnectionDocument;
  let party: RelyingParty;
  let people: Record<'acme' | 'globex', UserDocument>;

  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    const { core } = app;
    const unlimited = 10_000;
    Object.assign(core.config.limits, {
      signInPerMinutePerAddress: unlimited,
      signInPerMinutePerAccount: unlimited,
      signInStartsPerMinutePerAddress: unlimited,
    });
    idp = await startIdp();
    const patient = { 'lockout.threshold': 100 };
    [acme, globex] = [await givenTenant(core, patient), await givenTenant(core, patient)];
    suspended = await givenTenant(core);
    connection = await givenConnection(core, acme._id, idp);
    await givenConnection(core, globex._id, idp, { mode: 'optional' });
    people = {
      acme: await givenUser(core, acme._id, { email: `ada@${connection.verifiedDomains[0]!}` }),
      globex: await givenUser(core, globex._id),
    };
    const tenants = [acme, globex, suspended].map(({ slug }) => slug);
    party = await relyingParty(core, await givenServerApplication(core, { tenants }));
    await suspendCustomer(core, systemActor('server'), suspended._id);
  });
  after(async () => {
    await idp.stop();
    await app.stop();
  });

  const slugOf = (organization: Organization): string | undefined =>
    ({
      acme: acme.slug,
      globex: globex.slug,
      unknown: 'no-such-tenant',
      suspended: suspended.slug,
      absent: undefined,
    })[organization];

  /** A browser with a session; at the provider, where that alone counts. */
  async function browserOf(session: Session, mode: (typeof modes)[number]): Promise<Browser> {
    const browser = openBrowser(app.url);
    if (session === 'acme' && mode === 'required') {
      idp.person = { sub: 'ada', email: people.acme.email!, email_verified: true };
      await signInAtProvider(browser, people.acme.email!);
    } else if (session !== 'none') await enterPages(browser, people[session].email!, goodPassword);
    return browser;
  }

  /** Signs in as far as the pages let: at the company's provider where it is forwarded, else with the password. */
  async function goOn(browser: Browser, page: Page, email: string): Promise<Page> {
    if (answerOf(page)) return page;
    const second = await typeAddress(browser, page, email);
    if (second.location?.startsWith(idp.issuer) !== true)
      return enterLocally(browser, page, { email, password: goodPassword });
    return browser.follow(await atProvider(browser, second), callbackUri);
  }

  /** A form that sends itself, where the browser was signed in as another person. */
  async function submitted(browser: Browser, page: Page): Promise<Page> {
    const action = /action="([^"]+\/session\/end\/confirm)"/.exec(page.text)?.[1];
    if (action === undefined) return page;
    return browser.follow(await browser.post(action, page.fields), callbackUri);
  }

  for (const mode of modes) {
    describe(`with its connection ${mode === 'local' ? 'off' : mode}`, () => {
      before(async () => {
        const change = { mode: mode === 'local' ? ('off' as const) : mode };
        await updateConnection(app.core, systemActor(acme._id), connection._id, change);
      });

      for (const session of sessions) {
        for (const organization of organizations) {
          for (const hint of hints) {
            const wanted = expected(session, organization, hint);
            it(`session ${session}, organization ${organization}, hint ${hint}: ${wanted}`, async () => {
              const email = hint === 'unknown' ? `${unique('x')}@nowhere.test` : people[hint].email!;
              const browser = await browserOf(session, mode);
              // The provider says whatever helps an attacker.
              idp.person = { sub: unique('sub'), email, email_verified: true };
              if (email === people.acme.email) idp.person.sub = 'ada';
              const slug = slugOf(organization);
              const request = await party.request({
                login_hint: email,
                ...(slug !== undefined && { organization: slug }),
              });
              const page = await submitted(browser, await goOn(browser, await ask(browser, request), email));
              const answer = answerOf(page);
              if (wanted === 'error') {
                expect(answer).to.include({ error: 'invalid_request', code: null });
              } else if (wanted === 'none') {
                expect(answer, page.location).to.equal(undefined);
                expect(page.status).to.equal(401);
              } else {
                const claims = (await party.exchange(answer!.url, request)).claims()!;
                expect(claims['tenant']).to.include({ slug: slugOf(wanted) });
                expect(claims.sub).to.equal(people[wanted]._id);
                if ((claims['amr'] as string[]).includes('fed')) expect(wanted).to.equal('acme');
              }
            });
          }
        }
      }
    });
  }

  it('not when its provider names the people of the other, nor in a sign-in begun for the other', async () => {
    await updateConnection(app.core, systemActor(acme._id), connection._id, { mode: 'required' });
    for (const organization of [undefined, globex.slug]) {
      const request = await party.request(organization === undefined ? {} : { organization });
      const browser = openBrowser(app.url);
      const page = await ask(browser, request);
      const flow = new URL(page.url).searchParams.get('flow')!;
      idp.person = { sub: unique('eve'), email: people.globex.email!, email_verified: true };
      const forced = await browser.get(`/sso/${connection._id}/start?flow=${flow}`);
      const back = await browser.follow(await atProvider(browser, forced), callbackUri);
      expect(answerOf(back)).to.equal(undefined);
      expect(back.status).to.equal(403);
      // Somebody of its own: never a code for the application where the other tenant is asked for.
      idp.person = { sub: 'ada', email: people.acme.email!, email_verified: true };
      const own = await browser.get(`/sso/${connection._id}/start?flow=${flow}`);
      const end = await browser.follow(await atProvider(browser, own), callbackUri);
      if (organization === undefined) {
        const claims = (await party.exchange(answerOf(end)!.url, request)).claims()!;
        expect(claims['tenant']).to.include({ slug: acme.slug });
      } else {
        expect(answerOf(end)).to.equal(undefined);
        const again = answerOf(await ask(browser, await party.request({ prompt: 'none', organization })));
        expect(again).to.include({ error: 'login_required', code: null });
      }
    }
  });
});
