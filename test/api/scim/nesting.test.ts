import { expect } from 'chai';
import { newGroup, startScim, urn, type ScimApp } from '../../support/scim.js';

const deepest = 32;

describe('groups nested in groups', () => {
  let app: ScimApp;

  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  const put = (groupId: string, memberId: string) =>
    app.acme.patch(`/Groups/${groupId}`, [{ op: 'add', path: 'members', value: [{ value: memberId }] }]);

  /** Groups of which each holds the one before. @returns their ids, the innermost first. */
  async function chain(length: number): Promise<string[]> {
    const ids = [(await app.acme.group()).id];
    while (ids.length < length) {
      ids.push((await app.acme.group({ members: [{ value: ids.at(-1) }] })).id);
    }
    return ids;
  }

  it('may stand 32 deep, and show all of it on whoever is innermost', async () => {
    const ids = await chain(deepest + 1);
    const user = await app.acme.user();
    await put(ids[0]!, user.id).expect(204);
    const shown = (await app.acme.get(`/Users/${user.id}`)).body as { groups: object[] };
    expect(shown.groups).to.have.length(deepest + 1);
  });

  it('are refused deeper, from above, from below and joined in the middle', async () => {
    const ids = await chain(deepest + 1);
    const refused = await app.acme.post('/Groups', newGroup({ members: [{ value: ids.at(-1) }] }));
    expect(refused.status).to.equal(400);
    expect((refused.body as { detail: string }).detail).to.contain('32');
    const { id } = await app.acme.group();
    await put(ids[0]!, id).expect(400);
    // 27 levels of the chain below, and 8 or 5 above.
    const upper = await chain(8);
    await put(upper[0]!, ids[26]!).expect(400);
    await put(upper[3]!, ids[26]!).expect(204);
  });

  it('of a chain longer than that, as older versions let stand, are read as far as 32', async () => {
    const groups = app.core.store.server.collection('groups');
    const ids: string[] = [];
    for (let at = 0; at < 60; at += 1) ids.push((await app.acme.group()).id);
    for (const [at, id] of ids.entries()) {
      const above = ids[at + 1];
      if (above) await groups.update(id, (stored) => ({ ...stored, groupIds: [above] }));
    }
    const user = await app.acme.user();
    await put(ids[0]!, user.id).expect(204);
    const shown = (await app.acme.get(`/Users/${user.id}`).expect(200)).body as { groups: object[] };
    expect(shown.groups).to.have.length(deepest + 1);
  });

  it('in a ring made by one bulk request are refused, all of them', async () => {
    const count = 100;
    const Operations = Array.from({ length: count }, (_, at) => ({
      method: 'POST',
      path: '/Groups',
      bulkId: `g${at}`,
      data: newGroup({ members: [{ value: `bulkId:g${(at + 1) % count}` }] }),
    }));
    const res = await app.acme.post('/Bulk', { schemas: [urn.bulk], Operations });
    const { Operations: results } = res.body as { Operations: { status: string }[] };
    expect(results).to.have.length(count);
    for (const { status } of results) expect(status).to.be.oneOf(['400', '409']);
  }).timeout(120_000);
});
