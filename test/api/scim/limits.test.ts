import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import supertest from 'supertest';
import { requestId } from '../../../src/http/request-context.js';
import { scimRoutes } from '../../../src/scim/http/routes.js';
import { asOtherProcess } from '../../support/other-process.js';
import { newUser, startScim, urn, type ScimApp } from '../../support/scim.js';
import { ManualClock } from '../../support/clock.js';

describe('SCIM rate limits', () => {
  const clock = new ManualClock();
  let app: ScimApp;
  before(async () => {
    app = await startScim({ clock, settings: { 'scim.requestsPerSecond': 5 } });
  });
  after(() => app.stop());

  it('answers 429 with Retry-After past a directory’s requests per second, and serves it again in the next second', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 7; i += 1) statuses.push((await app.acme.get('/Users?count=0')).status);
    expect(statuses).to.deep.equal([200, 200, 200, 200, 200, 429, 429]);
    const refused = await app.acme.get('/Users');
    expect(refused.headers['retry-after']).to.equal('1');
    expect(refused.body).to.include({ status: '429' });
    expect(refused.body.schemas).to.deep.equal([urn.error]);
    expect((await app.acmeSecond.get('/Users')).status).to.equal(200);
    clock.advance(1000);
    expect((await app.acme.get('/Users')).status).to.equal(200);
  });

  it('counts the requests of a directory over all processes together', async () => {
    clock.advance(2000);
    const routes = scimRoutes(asOtherProcess(app.core));
    const server = createServer(express().use(requestId()).use('/scim', routes));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim/v2`;
      const other = () =>
        supertest(url).get('/Users?count=0').set('Authorization', `Bearer ${app.acme.token}`);
      const asked = Array.from({ length: 12 }, (_, i) => (i % 2 ? other() : app.acme.get('/Users?count=0')));
      const statuses = (await Promise.all(asked)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).to.have.length(5);
      expect(statuses.filter((status) => status === 429)).to.have.length(7);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('limits nobody whose tenant sets no limit', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => app.globex.get('/Users?count=0')));
    expect(new Set(answers.map((res) => res.status))).to.deep.equal(new Set([200]));
  });

  it('answers 429 after 300 failed tokens of an address in a minute, while valid tokens are served', async () => {
    const stranger = app.client('gh_scim_not_a_token_at_all');
    for (let i = 0; i < 300; i += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => stranger.get('/Users')));
      expect(new Set(answers.map((res) => res.status))).to.deep.equal(new Set([401]));
    }
    const refused = await stranger.get('/Users');
    expect(refused.status).to.equal(429);
    expect(Number(refused.headers['retry-after'])).to.be.within(1, 60);
    expect((await app.globex.get('/Users')).status).to.equal(200);
    clock.advance(61_000);
    expect((await stranger.get('/Users')).status).to.equal(401);
  });
});

describe('SCIM under pressure', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  it('answers one 201 and nineteen 409 to twenty identical POSTs at once (RFC 7644 section 3.3)', async () => {
    const body = newUser();
    const post = async (): Promise<Awaited<ReturnType<typeof app.acme.post>>> => {
      const res = await app.acme.post('/Users', body);
      // A busy database may ask a client to try again.
      return res.status === 503 && res.headers['retry-after'] !== undefined ? post() : res;
    };
    const answers = await Promise.all(Array.from({ length: 20 }, post));
    const statuses = answers.map((res) => res.status).sort();
    expect(statuses).to.deep.equal([201, ...Array.from({ length: 19 }, () => 409)]);
    for (const res of answers) if (res.status === 409) expect(res.body.scimType).to.equal('uniqueness');
    expect(await app.acme.find('Users', `userName eq "${body.userName}"`)).to.include({ totalResults: 1 });
  });

  it('keeps a large group correct while single members come and go, with and without If-Match', async () => {
    const users = await Promise.all(Array.from({ length: 40 }, () => app.acme.user()));
    const group = await app.acme.group({ members: users.slice(0, 20).map(({ id }) => ({ value: id })) });
    const path = `/Groups/${group.id}`;
    const retried = async (operation: object): Promise<void> => {
      for (;;) {
        const etag = String((await app.acme.get(`${path}?excludedAttributes=members`)).headers['etag']);
        const res = await app.acme.patch(path, [operation]).set('If-Match', etag);
        if (res.status === 204) return;
        expect(res.status).to.equal(412);
      }
    };
    await Promise.all([
      ...users
        .slice(20, 36)
        .map(({ id }) => app.acme.patch(path, [{ op: 'add', path: 'members', value: [{ value: id }] }])),
      ...users.slice(36).map(({ id }) => retried({ op: 'add', path: 'members', value: [{ value: id }] })),
      ...users.slice(0, 4).map(({ id }) => retried({ op: 'remove', path: `members[value eq "${id}"]` })),
    ]);
    const { members } = (await app.acme.get(path)).body;
    expect(members.map((member: { value: string }) => member.value).sort()).to.deep.equal(
      users
        .slice(4)
        .map(({ id }) => id)
        .sort(),
    );
  });
});
