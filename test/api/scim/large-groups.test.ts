import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import supertest from 'supertest';
import { requestId } from '../../../src/http/request-context.js';
import { scimRoutes } from '../../../src/scim/http/routes.js';
import { newId } from '../../../src/shared/ids.js';
import { countedStore, type Tally } from '../../support/counted-store.js';
import { asOtherProcess } from '../../support/other-process.js';
import { startScim, urn, type ScimApp } from '../../support/scim.js';

describe('a SCIM group of any size (RFC 7644 section 3.5.2)', () => {
  let app: ScimApp;
  let server: Server;
  let tally: Tally;
  let url = '';

  before(async () => {
    app = await startScim({
      directory: {
        roleRules: [{ when: { path: 'groups.displayName', is: 'Big' }, grant: ['administrator'] }],
      },
    });
    const counted = countedStore(app.core.store);
    tally = counted.tally;
    const routes = scimRoutes(asOtherProcess(app.core, { store: counted.store }));
    server = createServer(express().use(requestId()).use('/scim', routes));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim/v2`;
  });
  after(async () => {
    await new Promise((resolve) => server.close(resolve));
    await app.stop();
  });

  /** A group with so many members, put into the store as they are. */
  async function groupOf(size: number, displayName: string): Promise<string> {
    const { id } = await app.acme.group({ displayName });
    const users = app.core.store.tenant(app.tenantId).collection('users');
    const model = (await users.get((await app.acme.user()).id))!;
    for (let made = 0; made < size; made += 1000) {
      const some = Array.from({ length: Math.min(1000, size - made) }, () => {
        const _id = newId();
        return {
          ...model,
          _id,
          userName: _id,
          userNameKey: _id,
          loginKeys: [_id],
          email: null,
          groupIds: [id],
        };
      });
      await users.insertMany(some);
    }
    return id;
  }

  /** What the store is asked for by one PATCH. */
  async function costOf(path: string, operation: object): Promise<Tally> {
    tally.read = {};
    tally.written = {};
    const res = await supertest(url)
      .patch(path)
      .set('Authorization', `Bearer ${app.acme.token}`)
      .set('Content-Type', 'application/scim+json')
      .send(JSON.stringify({ schemas: [urn.patch], Operations: [operation] }));
    expect(res.status, res.text).to.equal(204);
    return { ...tally, read: { ...tally.read }, written: { ...tally.written } };
  }

  it('takes in and lets go one member without reading or writing the others', async () => {
    const [small, big] = [await groupOf(3, 'Small'), await groupOf(5000, 'Big')];
    const user = await app.acme.user();
    const members = [{ value: user.id }];
    for (const operation of [
      { op: 'add', path: 'members', value: members },
      { op: 'remove', path: `members[value eq "${user.id}"]` },
      { op: 'Add', path: 'members', value: members },
      { op: 'Remove', path: 'members', value: members },
    ]) {
      // What is read once and kept is read before.
      await costOf(`/Groups/${small}`, { op: 'replace', path: 'externalId', value: newId() });
      const few = await costOf(`/Groups/${small}`, operation);
      const many = await costOf(`/Groups/${big}`, operation);
      const label = JSON.stringify({ operation, few, many });
      expect(many.written['users'], label).to.equal(1);
      expect(many.written['groups'], label).to.equal(1);
      expect(many.read['users'], label).to.be.at.most(2);
      expect(many.read['users'], label).to.equal(few.read['users']);
      expect(many.read['groups'], label).to.be.at.most(4);
    }
  });

  it('is read without members, and found, without reading them', async () => {
    const big = await groupOf(2000, 'Huge');
    const read = async (path: string): Promise<Record<string, number>> => {
      tally.read = {};
      const res = await supertest(url).get(path).set('Authorization', `Bearer ${app.acme.token}`);
      expect(res.status, res.text).to.equal(200);
      return tally.read;
    };
    for (const path of [
      `/Groups/${big}?excludedAttributes=members`,
      `/Groups/${big}?attributes=displayName`,
      '/Groups?excludedAttributes=members&filter=displayName%20eq%20%22huge%22',
      `/Groups?attributes=id&filter=${encodeURIComponent('members.value eq "nobody"')}`,
    ]) {
      expect((await read(path))['users'] ?? 0, path).to.equal(0);
    }
  });
});
