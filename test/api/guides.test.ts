import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageFolder } from '../../src/infrastructure/package-info.js';
import { eventually } from '../support/eventually.js';
import { patch, schemas, startProvider, type Json, type Provider } from '../support/provider.js';

interface Call {
  method: string;
  path: string;
  body: unknown;
}

/** The calls that docs/guides/generic.md has an administrator type, in order. */
function callsOf(text: string): Call[] {
  return [...text.matchAll(/\bcall (GET|POST|PATCH|DELETE) "?([^\s"`]+)"?(?: '([^']*)')?/g)].map(
    ([, method, path, body]) => ({
      method: method!,
      path: path!,
      body: body === undefined ? undefined : JSON.parse(body),
    }),
  );
}

/** These ask the internet. */
const needsTheInternet = /\/verify$|\/test$/;

describe('docs/guides/generic.md', () => {
  let provider: Provider;
  before(async () => {
    provider = await startProvider('auto', { 'content-type': 'application/scim+json' });
  });
  after(() => provider.stop());

  it('has an administrator type calls that work as they stand, one after the other', async () => {
    const user = { schemas: [schemas.user], userName: 'standing@acme.example' };
    const { id } = await provider.expect(201, 'POST', '/Users', user);
    await provider.send('PATCH', `/Users/${id}`, patch({ op: 'Replace', path: 'active', value: 'True' }));
    const { items } = await provider.api('GET', '/directories');
    const known: Record<string, string> = { $OLD: items[0].id, USER_ID: id };
    const calls = callsOf(readFileSync(join(packageFolder, 'docs/guides/generic.md'), 'utf8'));
    expect(calls.length).to.be.above(12);
    for (const { method, path, body } of calls) {
      if (needsTheInternet.test(path)) continue;
      if (path.includes('REQUEST_ID')) known['REQUEST_ID'] = await firstRequest(known['$OLD']!);
      const directory = path.includes('REQUEST_ID') ? known['$OLD'] : known['$DIRECTORY'];
      const filled = path
        .replace('$DIRECTORY', directory ?? '')
        .replace(/\$\w+|[A-Z]+_ID/g, (name) => known[name] ?? name);
      const answer = await provider.api(method, filled, body);
      if (path === '/directories') known['$DIRECTORY'] = answer['id'];
      if (path === '/sso-connections' && answer['protocol'] === 'oidc')
        known['$CONNECTION'] = checkedConnection(answer);
      if (path.includes('/tokens')) expect(answer['token']).to.match(/^gh_scim_/);
    }
  });

  const firstRequest = (directoryId: string) =>
    eventually(async () => {
      const { items } = await provider.api('GET', `/directories/${directoryId}/requests?limit=1`);
      return items[0]?.id as string | undefined;
    }, 'the first request is kept');

  /** The record that goes into the DNS is in the answer. */
  function checkedConnection(connection: Json): string {
    expect(connection['domains'][0].record).to.include({
      type: 'TXT',
      name: '_gatehouse-challenge.acme.example',
    });
    return connection['id'];
  }
});
