import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { parametersOf } from '../../support/own-things.js';
import { startApp, type TestApp } from '../../support/app.js';
import { apiDocument } from '../../../src/admin/table.js';
import {
  generateClient,
  type GeneratedClient,
  type OpenApiDocument,
} from '../../support/generated-client.js';

/** Answers without an end. */
const streams = ['followScimRequests'];

const document = apiDocument('https://id.example.com') as unknown as OpenApiDocument;
const operationIds = Object.values(document.paths).flatMap((methods) =>
  Object.values(methods).map(({ operationId }) => operationId),
);

describe('a client generated from /openapi.json', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let client: GeneratedClient;
  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
    await acme.givenUser({ roles: ['administrator'] });
    const served = (await (await fetch(`${app.url}/openapi.json`)).json()) as OpenApiDocument;
    client = generateClient(served, (path, init) => {
      const headers = new Headers(init.headers);
      headers.set('Authorization', `Bearer ${acme.key}`);
      return fetch(`${app.url}${path}`, { ...init, headers });
    });
  });
  after(() => app.stop());

  for (const operationId of operationIds.filter((id) => !streams.includes(id))) {
    it(`calls ${operationId} with its example, and is answered as the document says`, async () => {
      const operation = client.operations.get(operationId);
      if (!operation) throw new Error(`there is no ${operationId}`);
      const { call, example, path } = operation;
      const parameters = await parametersOf(app, acme, path);
      const { fault, status } = await call({ parameters, ...(example !== undefined && { body: example }) });
      expect(fault, `${status}`).to.equal('');
      expect(status).to.be.lessThan(500);
    });
  }
});
