import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import supertest from 'supertest';
import { systemActor } from '../../../src/identity/actors.js';
import { createToken, revokeToken } from '../../../src/identity/directories/tokens.js';
import { newUser, startScim, urn, type ScimApp } from '../../support/scim.js';

describe('SCIM transport, authentication and errors (RFC 7644 sections 2, 3.1, 3.8, 3.12)', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  const raw = () => supertest(`${app.url}/scim/v2`);
  const bearer = () => `Bearer ${app.acme.token}`;

  it('answers application/scim+json whatever is accepted', async () => {
    for (const accept of ['application/scim+json', 'application/json', '*/*', 'text/html']) {
      const res = await app.acme.get('/Users').set('Accept', accept);
      expect(res.status).to.equal(200);
      expect(res.headers['content-type']).to.match(/^application\/scim\+json/);
    }
  });

  it('answers an error as application/scim+json with status as a string', async () => {
    const res = await app.acme.get('/Users/nobody');
    expect(res.status).to.equal(404);
    expect(res.headers['content-type']).to.match(/^application\/scim\+json/);
    expect(res.body).to.include({ status: '404' });
    expect(res.body.schemas).to.deep.equal([urn.error]);
  });

  it('accepts a content type with a charset parameter and plain application/json', async () => {
    for (const type of [
      'application/scim+json; charset=utf-8',
      'application/json',
      'application/json;charset=UTF-8',
      'application/scim+json;charset="utf-8"',
      'application/scim+json; version=2; Charset="Utf\\-8"',
    ]) {
      const res = await raw()
        .post('/Users')
        .set('Authorization', bearer())
        .set('Content-Type', type)
        .send(JSON.stringify(newUser()));
      expect(res.status, type).to.equal(201);
    }
  });

  it('answers 415 to a body that is no JSON type', async () => {
    for (const type of [
      'text/xml',
      'application/x-www-form-urlencoded',
      'application/json; charset=iso-8859-1',
      'application/json; charset="iso-8859-1"',
      'application/json; charset=""',
      'application/json; charset=utf-8; charset="utf-16"',
    ]) {
      const res = await raw()
        .post('/Users')
        .set('Authorization', bearer())
        .set('Content-Type', type)
        .send('<user/>');
      expect(res.status, type).to.equal(415);
      expect(res.body).to.include({ status: '415' });
    }
  });

  it('answers 400 invalidSyntax to malformed JSON, invalid UTF-8, an empty body and a body that is no object', async () => {
    const bodies = [
      Buffer.from('{"schemas":'),
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
      Buffer.from('[]'),
      Buffer.from('"x"'),
      Buffer.from('null'),
      Buffer.alloc(0),
    ];
    for (const body of bodies) {
      const res = await raw()
        .post('/Users')
        .set('Authorization', bearer())
        .set('Content-Type', 'application/scim+json')
        .serialize((value: unknown) => value as string)
        .send(body);
      expect(res.status, body.toString()).to.equal(400);
      expect(res.body, body.toString()).to.include({ scimType: 'invalidSyntax', status: '400' });
    }
  });

  it('answers 413 to a body over the limit and keeps nothing of it', async () => {
    const user = newUser({ displayName: 'x'.repeat(5 * 1024 * 1024) });
    const res = await app.acme.post('/Users', user);
    expect(res.status).to.equal(413);
    expect(res.body).to.include({ status: '413' });
    expect(await app.acme.find('Users', `userName eq "${user.userName}"`)).to.include({ totalResults: 0 });
  });

  it('refuses a body over the limit before it comes, and hears it out, so that the connection does not break', async () => {
    const { hostname, port } = new URL(app.url);
    const piece = Buffer.alloc(1024 * 1024, ' ');
    const socket = connect(Number(port), hostname);
    const head = [
      'POST /scim/v2/Users HTTP/1.1',
      `Host: ${hostname}:${port}`,
      `Authorization: ${bearer()}`,
      'Content-Type: application/scim+json',
      `Content-Length: ${piece.length * 20}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    expect(String((await once(socket, 'data'))[0])).to.match(/^HTTP\/1\.1 413 [^]*"status":"413"/);
    for (let sent = 0; sent < 20; sent += 1) {
      await new Promise<void>((resolve, reject) => {
        socket.write(piece, (error) => (error ? reject(error) : resolve()));
      });
    }
    const answer = text(socket);
    const next = ['GET /scim/v2/Schemas HTTP/1.1', `Host: ${hostname}`, 'Connection: close'];
    socket.write(`${next.join('\r\n')}\r\n\r\n`);
    expect(await answer).to.match(/^HTTP\/1\.1 200 /);
  });

  it('answers 401 with WWW-Authenticate without a token, with another scheme and with an unknown one', async () => {
    for (const header of [
      undefined,
      'Basic eDp5',
      'Bearer',
      'Bearer ',
      'Bearer x y',
      `Bearer ${'z'.repeat(5000)}`,
      'Bearer {"$ne":1}',
    ]) {
      const test = raw().get('/Users');
      const res = header === undefined ? await test : await test.set('Authorization', header);
      expect(res.status, header).to.equal(401);
      expect(res.headers['www-authenticate']).to.equal(
        header === undefined ? 'Bearer realm="scim"' : 'Bearer realm="scim", error="invalid_token"',
      );
      expect(res.body).to.include({ status: '401' });
    }
  });

  it('asks for the token at every address, before anything else (Casdoor CVE-2025-4210)', async () => {
    const paths = ['Users', 'Groups', 'Roles', 'Entitlements'].flatMap((name) => [`/${name}`, `/${name}/x`]);
    for (const path of [...paths, '/Me', '/Bulk', '/.search', '/Users/.search', '/Groups/.search', '/x']) {
      for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const)
        expect((await raw()[method](path).send({})).status, `${method} ${path}`).to.equal(401);
    }
  });

  it('answers 404 to an unknown endpoint and 405 with Allow to a wrong method', async () => {
    expect((await app.acme.get('/Nothing')).status).to.equal(404);
    expect((await app.acme.get('/Users/a/b')).status).to.equal(404);
    expect((await app.acme.get('/__proto__')).status).to.equal(404);
    expect((await app.acme.get('/constructor')).status).to.equal(404);
    const wrong: [string, string, string][] = [
      ['delete', '/Users', 'GET, HEAD, POST'],
      ['post', '/Users/some-id', 'GET, HEAD, PUT, PATCH, DELETE'],
      ['get', '/Users/.search', 'POST'],
      ['get', '/Bulk', 'POST'],
      ['post', '/ServiceProviderConfig', 'GET, HEAD'],
      ['delete', '/Schemas', 'GET, HEAD'],
      ['put', '/ResourceTypes/User', 'GET, HEAD'],
    ];
    for (const [method, path, allow] of wrong) {
      const res = await (method === 'get'
        ? app.acme.get(path)
        : method === 'delete'
          ? app.acme.delete(path)
          : method === 'put'
            ? app.acme.put(path, {})
            : app.acme.post(path, {}));
      expect(res.status, `${method} ${path}`).to.equal(405);
      expect(res.headers['allow']).to.equal(allow);
      expect(res.body).to.include({ status: '405' });
    }
  });

  it('answers HEAD as GET without a body', async () => {
    const user = await app.acme.user();
    const res = await raw().head(`/Users/${user.id}`).set('Authorization', bearer());
    expect(res.status).to.equal(200);
    expect(res.headers['etag']).to.match(/^W\//);
    expect(res.text).to.be.oneOf([undefined, '']);
  });

  it('answers 400 invalidVers to another protocol version (RFC 7644 section 3.13)', async () => {
    for (const path of ['/scim/v1/Users', '/scim/v3/Users', '/scim/v2/v1/Users']) {
      const res = await supertest(app.url).get(path).set('Authorization', bearer());
      expect(res.status, path).to.equal(400);
      expect(res.body).to.include({ scimType: 'invalidVers', status: '400' });
    }
  });

  it('ignores unknown query parameters, dangling marks and trailing slashes', async () => {
    for (const path of [
      '/Users?aadOptscim062020',
      '/Users?',
      '/Users/?filter[$ne]=1',
      '/Users/',
      '/Users?x=%zz&count=1',
    ]) {
      expect((await app.acme.get(path)).status, path).to.equal(200);
    }
  });

  it('answers 404 to ids that are hostile, never an internal error', async () => {
    const ids = [
      '%00',
      '..',
      '%2e%2e%2fUsers',
      '$ne',
      '{"$gt":""}',
      'a'.repeat(3000),
      '%F0%9F%92%A9',
      '%ff',
      '[object Object]',
      "' or 1=1",
    ];
    for (const id of ids) {
      for (const type of ['Users', 'Groups']) {
        const path = `/${type}/${id.startsWith('%') || id === '..' ? id : encodeURIComponent(id)}`;
        const status = (await app.acme.get(path)).status;
        expect(status, path).to.be.oneOf(id === '..' ? [200, 404] : [404]);
        expect((await app.acme.delete(path)).status, path).to.be.oneOf(id === '..' ? [404, 405] : [404]);
      }
    }
  });

  it('counts its answers for the metrics under known words only', async () => {
    await app.acme.get('/Users?count=1');
    await app.acme.get('/invented-by-somebody');
    const { text } = await supertest(app.url).get('/metrics');
    expect(text).to.match(/scim_requests_total\{operation="GET Users",status="200"\} \d+/);
    expect(text).to.match(/scim_requests_total\{operation="GET other",status="404"\} \d+/);
    expect(text).to.not.contain('invented');
  });

  it('refuses a token the moment it is revoked, however often it was used before', async () => {
    const actor = systemActor(app.tenantId);
    const { document, token } = await createToken(app.core, actor, app.directoryId, { name: 'short-lived' });
    const client = app.client(token);
    for (let i = 0; i < 3; i += 1) expect((await client.get('/Users?count=0')).status).to.equal(200);
    await revokeToken(app.core, actor, app.directoryId, document._id);
    expect((await client.get('/Users?count=0')).status).to.equal(401);
  });
});
