import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import supertest from 'supertest';
import { systemActor } from '../../../src/identity/actors.js';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { startScim, urn, type ScimApp } from '../../support/scim.js';

describe('the discovery documents', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  const anonymous = () => supertest(`${app.url}/scim/v2`);
  const addresses = [
    '/ServiceProviderConfig',
    '/Schemas',
    `/Schemas/${urn.user}`,
    '/ResourceTypes',
    '/ResourceTypes/User',
  ];
  for (const address of addresses) {
    it(`${address} is answered to somebody who shows no token, as to a directory`, async () => {
      const open = await anonymous().get(address);
      expect(open.status).to.equal(200);
      expect(open.headers['content-type']).to.match(/^application\/scim\+json/);
      expect(open.body).to.deep.equal((await app.acme.get(address)).body);
      expect((await anonymous().head(address)).status).to.equal(200);
    });

    it(`${address} is 401 to a token that is none`, async () => {
      for (const header of ['Bearer gh_scim_nobody_knows_this_one', 'Basic eDp5', 'x']) {
        const res = await anonymous().get(address).set('Authorization', header);
        expect(res.status, header).to.equal(401);
      }
    });
  }

  it('are all that is answered without a token: 401 for everything else', async () => {
    for (const address of [
      '/Users',
      '/Groups',
      '/',
      '/Me',
      '/Bulk',
      '/Schemas/x/y',
      '/schemas',
      '/ServiceProviderConfig/x',
    ]) {
      expect((await anonymous().get(address)).status, address).to.equal(401);
    }
    for (const address of addresses) expect((await anonymous().post(address).send({})).status).to.equal(401);
    expect((await anonymous().get('/Schemas?filter=id pr')).status).to.equal(403);
  });
});

describe('a request target in absolute form (RFC 9112 section 3.2.2)', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  const ask = async (target: string): Promise<string> => {
    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    try {
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${app.acme.token}\r\nConnection: close\r\n\r\n`,
      );
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      await once(socket, 'close');
      return text;
    } finally {
      socket.destroy();
    }
  };

  it('is read as the path and query in it, whatever host it names', async () => {
    for (const host of [app.url, 'http://elsewhere.example:8080', 'HTTPS://elsewhere.example']) {
      const answer = await ask(`${host}/scim/v2/Users?count=0`);
      expect(answer).to.match(/^HTTP\/1.1 200 /);
      expect(answer).to.contain('"totalResults"');
      expect(await ask(`${host}/healthz`)).to.match(/^HTTP\/1.1 200 /);
      expect(await ask(`${host}/scim/v2/Nothing`)).to.match(/^HTTP\/1.1 404 /);
    }
    expect(await ask('http://elsewhere.example')).to.match(/^HTTP\/1.1 [234]\d\d /);
  });
});

describe('a day that the calendar does not have', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  for (const day of [
    '2025-02-30',
    '2025-02-29',
    '2025-04-31',
    '2025-13-01',
    '2025-00-10',
    '2025-01-00',
    '1900-02-29',
  ]) {
    it(`is refused in a filter: ${day}`, async () => {
      const res = await app.acme.get(
        `/Users?filter=${encodeURIComponent(`meta.created gt "${day}T00:00:00Z"`)}`,
      );
      expect(res.body).to.include({ status: '400', scimType: 'invalidFilter' });
    });
  }

  for (const day of ['2024-02-29', '2000-02-29', '2025-12-31']) {
    it(`is not ${day}`, async () => {
      for (const zone of ['Z', '+14:00', '-11:00', '']) {
        const { status } = await app.acme.get(
          `/Users?count=0&filter=${encodeURIComponent(`meta.created gt "${day}T23:59:59.9${zone}"`)}`,
        );
        expect(status, zone).to.equal(200);
      }
    });
  }
});

describe('a NUL in a filter', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  const paths = ['userName', 'externalId', 'emails.value', 'displayName', 'id', 'title', 'name.familyName'];
  for (const path of paths) {
    it(`is refused in ${path} with 400 invalidFilter, by every operator`, async () => {
      for (const op of ['eq', 'co', 'sw', 'ew', 'gt', 'le']) {
        for (const text of ['\\u0000', 'a\\u0000b', '\\u0000\\n']) {
          const filter = encodeURIComponent(`${path} ${op} "${text}"`);
          const res = await app.acme.get(`/Users?count=0&filter=${filter}`);
          expect(res.body, `${op} ${text}`).to.include({ status: '400', scimType: 'invalidFilter' });
        }
      }
    });
  }

  it('is looked for by the API without harm', async () => {
    const { key } = await createApiKey(app.core, systemActor(app.tenantId), {
      name: 'k',
      role: 'administrator',
    });
    for (const path of ['/users', '/groups', '/roles', '/applications', '/audit-events']) {
      const res = await supertest(app.url)
        .get(`/api/v1${path}?q=a%00b`)
        .set('Authorization', `Bearer ${key}`);
      expect(res.status, `${path} ${res.text}`).to.be.oneOf([200, 400]);
    }
  });
});
