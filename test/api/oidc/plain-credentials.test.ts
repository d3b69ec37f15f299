import { expect } from 'chai';
import fc from 'fast-check';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import { hashToken } from '../../../src/shared/ids.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { makeApplication } from '../../support/oidc.js';
import { givenTenant, unique } from '../../support/people.js';

const formEncoded = (text: string): string => new URLSearchParams({ t: text }).toString().slice(2);
/** How client libraries put an id or a secret into the Basic header. */
const writings: Record<string, (text: string) => string> = {
  plain: (text) => text,
  'form-encoded': formEncoded,
  'percent-encoded': encodeURIComponent,
};

describe('OpenID provider: client credentials in the Basic header', () => {
  let clock: ManualClock;
  let app: TestApp;
  let tenant: TenantDocument;
  before(async () => {
    clock = new ManualClock(new Date().toISOString());
    app = await startApp({ clock });
    tenant = await givenTenant(app.core);
  });
  after(() => app.stop());

  const withSecret = (
    secret: string,
    over: Partial<ApplicationDocument> = {},
  ): Promise<ApplicationDocument> =>
    makeApplication(app.core, tenant, { clientSecretHash: hashToken(secret), ...over });

  /** Asks for an introspection: 200 for right credentials. */
  async function ask(pair: string): Promise<{ status: number; error?: string }> {
    const answer = await fetch(`${app.url}/oidc/token/introspection`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
      body: new URLSearchParams({ token: 'whatever' }),
    });
    const { error } = (await answer.json()) as { error?: string };
    return { status: answer.status, ...(error !== undefined && { error }) };
  }

  it('are taken plain and encoded, whatever printable characters the secret is made of', async () => {
    const printable = fc.string({
      unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
    });
    const odd = fc.string({ unit: fc.constantFrom('+', '%', '%2B', '%20', '%zz', '/', '=', ':', 'a') });
    const secret = fc.oneof(printable, odd).filter((text) => text !== '');
    await fc.assert(
      fc.asyncProperty(secret, async (text) => {
        const { clientId } = await withSecret(text);
        for (const [name, write] of Object.entries(writings)) {
          expect(await ask(`${write(clientId)}:${write(text)}`), `${name}: ${text}`).to.deep.equal({
            status: 200,
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are taken with an odd client id as well', async () => {
    const clientId = `${unique('crm')}+1%20%x`;
    await withSecret('plain-secret', { clientId });
    for (const write of Object.values(writings)) {
      expect(await ask(`${write(clientId)}:plain-secret`)).to.deep.equal({ status: 200 });
    }
  });

  it('are a wrong secret when they are wrong, whichever way they are written', async () => {
    const { clientId } = await withSecret('ab+cd%20e');
    for (const wrong of ['ab cd e', 'ab+cd', '%', '%zz', 'ab+cd%2520f', '+']) {
      for (const [name, write] of Object.entries(writings)) {
        const sent = write(wrong);
        const answer = await ask(`${clientId}:${sent}`);
        expect(answer, `${name}: ${sent}`).to.deep.equal({ status: 401, error: 'invalid_client' });
      }
    }
  });

  it('may be the plain secret before the present one as long as that is good, and no longer', async () => {
    const { clientId } = await withSecret('new', {
      previousSecretHash: hashToken('old+%'),
      previousSecretUntil: new Date(clock.now().getTime() + 60_000),
    });
    expect(await ask(`${clientId}:old+%`)).to.deep.equal({ status: 200 });
    clock.advance(61_000);
    expect(await ask(`${clientId}:old+%`)).to.deep.equal({ status: 401, error: 'invalid_client' });
  });
});
