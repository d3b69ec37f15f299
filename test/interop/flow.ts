import { expect } from 'chai';
import { ada, bea, grace, signInOnTheWay, startBench, walk, type Bench, type Registration } from './bench.js';

/** What a library made of a token answer: the claims of the ID token it verified, and what else it saw. */
export interface Tokens {
  claims: Record<string, unknown>;
  userinfo?: Record<string, unknown>;
  scope: string;
}

/** An application built with one library. Where the library refuses, its calls throw with the provider's code in `error`. */
export interface ClientApplication {
  /** Where it sends the browser; `prompt=none` where it only asks whether somebody is signed in. */
  begin(prompt?: 'none'): Promise<string>;
  /** The browser is back at the redirect URI: code against tokens, ID token verified, userinfo read. */
  finish(callback: string): Promise<Tokens>;
  /** New tokens by the refresh token, as the library sends it by itself. */
  refresh(): Promise<Tokens>;
  /** Where it sends the browser to sign out. */
  signOut(): Promise<string>;
  close(): Promise<void>;
}

/** The code a library read from a refusal. */
async function refusalOf(attempt: Promise<unknown>): Promise<unknown> {
  try {
    await attempt;
  } catch (problem) {
    return (problem as { error?: unknown }).error ?? problem;
  }
  return undefined;
}

const wordsOf = (scope: string): string[] => scope.split(' ').sort();

interface FlowOptions {
  /** Sees to what the client needs, or skips. */
  prepare?: (context: Mocha.Context) => void;
  requirePkce?: boolean;
}

/** The tests of one client: whole sign-ins of real browsers with forms and cookies. */
export function describeFlow(
  name: string,
  open: (registration: Registration) => Promise<ClientApplication>,
  options: FlowOptions = {},
): void {
  describe(`${name} as an application`, function () {
    this.timeout(120_000);
    let bench: Bench | undefined;
    const opened: ClientApplication[] = [];

    before(async function () {
      options.prepare?.(this);
      bench = await startBench(options);
    });
    after(async () => {
      await Promise.all(opened.map((one) => one.close()));
      await bench?.stop();
    });

    async function application(): Promise<ClientApplication> {
      const one = await open(bench!.registration);
      opened.push(one);
      return one;
    }

    async function signIn(
      client: ClientApplication,
      email: string,
      browser = bench!.browser(),
    ): Promise<Tokens> {
      const { redirectUri } = bench!.registration;
      return client.finish(await signInOnTheWay(browser, await client.begin(), email, redirectUri));
    }

    it('signs in a person with a password, and reads roles and profile from ID token and userinfo', async () => {
      const { claims, userinfo, scope } = await signIn(await application(), ada);
      const expected = { email: ada, name: 'Ada Byron', given_name: 'Ada', family_name: 'Byron' };
      for (const told of [claims, userinfo]) {
        expect(told).to.deep.include({ ...expected, roles: ['agent'], permissions: ['calls.read'] });
      }
      expect(claims).to.include({ iss: bench!.registration.issuer, sub: userinfo!['sub'] });
      expect(wordsOf(scope)).to.deep.equal(wordsOf(bench!.registration.scope));
    });

    it("signs in a person whom the company's own provider vouches for", async () => {
      const { claims } = await signIn(await application(), grace);
      expect(claims).to.deep.include({ email: grace, given_name: 'Grace', roles: [] });
    });

    it('refreshes with what it sends by itself, again and again, and reads the roles of the moment', async () => {
      const client = await application();
      const first = await signIn(client, bea);
      await bench!.setRoles(bea, ['crm:lead']);
      for (const _ of [1, 2]) {
        const again = await client.refresh();
        expect(again.claims).to.deep.include({ sub: first.claims['sub'], roles: ['lead'] });
        expect(wordsOf(again.scope)).to.deep.equal(wordsOf(bench!.registration.scope));
      }
    });

    it('signs out without a question, comes back, and is refused the next refresh', async () => {
      const client = await application();
      const browser = bench!.browser();
      await signIn(client, ada, browser);
      const { loggedOutUri } = bench!.registration;
      expect(await walk(browser, await client.signOut(), loggedOutUri)).to.match(/\/goodbye(\?|$)/);
      expect(await refusalOf(client.refresh())).to.equal('invalid_grant');
      const asked = await browser.follow(await browser.get(await client.begin()));
      expect(asked.text).to.contain('name="email"');
    });

    it('understands that nobody is signed in when it only asks', async () => {
      const client = await application();
      const { redirectUri } = bench!.registration;
      const answer = await walk(bench!.browser(), await client.begin('none'), redirectUri);
      expect(await refusalOf(client.finish(answer))).to.equal('login_required');
    });
  });
}
