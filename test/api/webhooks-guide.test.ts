import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { packageFolder } from '../../src/infrastructure/package-info.js';
import { givenTenant } from '../support/api.js';
import { startApp, type TestApp } from '../support/app.js';

describe('docs/guides/webhooks.md', () => {
  let app: TestApp;
  let folder: string;
  let server: Server | undefined;
  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-guide-'));
  });
  after(async () => {
    server?.close();
    delete process.env['WEBHOOK_SECRET'];
    await app.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** The endpoint of the guide, as it is written there. */
  async function endpointOf(text: string): Promise<Server> {
    const [, code = ''] = /```js endpoint\n(.*?)```/s.exec(text) ?? [];
    const library = import.meta.resolve('standardwebhooks');
    const plain = code
      .replace(/^ {3}/gm, '')
      .replace("'standardwebhooks'", JSON.stringify(library))
      .replace('console.log', 'void ');
    const file = join(folder, 'endpoint.mjs');
    await writeFile(file, plain);
    return ((await import(pathToFileURL(file).href)) as { server: Server }).server;
  }

  it('has an endpoint that takes our messages, each once, and nobody else’s', async () => {
    const text = await readFile(join(packageFolder, 'docs/guides/webhooks.md'), 'utf8');
    const acme = await givenTenant(app);
    const made = await acme.call('post', '/webhooks').send({ url: 'http://127.0.0.1:1/', enabled: false });
    const { id, secret } = made.body as { id: string; secret: string };
    process.env['WEBHOOK_SECRET'] = secret;
    server = await endpointOf(text);
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await acme.call('patch', `/webhooks/${id}`).send({ url }).expect(200);
    const sent = await acme.call('post', `/webhooks/${id}/test`);
    expect(sent.body).to.include({ delivered: true, status: 204 });
    const forged = await fetch(url, { method: 'POST', body: '{}', headers: { 'webhook-id': 'x' } });
    expect(forged.status).to.equal(401);
  });
});
