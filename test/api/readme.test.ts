import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyBootstrap, parseBootstrap } from '../../src/identity/bootstrap/bootstrap.js';
import { packageFolder } from '../../src/infrastructure/package-info.js';
import { fetchAccessToken } from '../../src/sim/access-token.js';
import { startApp, type TestApp } from '../support/app.js';
import type { Json } from '../support/provider.js';

const readme = readFileSync(join(packageFolder, 'README.md'), 'utf8');
const file = JSON.parse(/```json\n([\s\S]*?)```/.exec(readme)![1]!) as {
  operatorKeys: Json[];
  tenants: Json[];
};

describe('the set-up file of README.md', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp({ bootstrap: file });
  });
  after(() => app.stop());

  async function send(path: string, token: string, body?: object, headers: object = {}): Promise<Json> {
    const answer = await fetch(`${app.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(answer.status, path).to.be.oneOf([200, 201]);
    return (await answer.json()) as Json;
  }

  it('is a set-up that stands: a second start changes nothing', async () => {
    const report = await applyBootstrap(app.core, parseBootstrap(file));
    expect(report).to.deep.include({ created: 0, updated: 0 });
  });

  it('lets both customers push, each with its own credentials, into roles of the one application', async () => {
    const [acme, globex] = file.tenants as [Json, Json];
    const { clientId, clientSecret } = acme['directories'][0].clients[0];
    const pushers = {
      acme: await fetchAccessToken(app.url, { way: 'basic', clientId, clientSecret }),
      globex: globex['directories'][0].tokens[0].token as string,
    };
    const operatorKey = file.operatorKeys[0]!['key'] as string;
    for (const [slug, group] of [
      ['acme', 'Engineering'],
      ['globex', 'Support'],
    ] as const) {
      const userName = `lea@${slug}.com`;
      const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
      const { id } = await send('/scim/v2/Users', pushers[slug], { schemas, userName, externalId: slug });
      const members = [{ value: id }];
      const groupSchemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
      await send('/scim/v2/Groups', pushers[slug], { schemas: groupSchemas, displayName: group, members });
      const user = await send(`/api/v1/users/${id}`, operatorKey, undefined, { 'gatehouse-tenant': slug });
      expect(user['roles'].map(({ role }: Json) => role)).to.deep.equal(['crm:agent']);
    }
  });
});
