import { expect } from 'chai';
import { createAttribute } from '../../../src/identity/attributes/attributes.js';
import { systemActor } from '../../../src/identity/actors.js';
import { countedStore, type Tally } from '../../support/counted-store.js';
import { newUser, startScim, urn, type ScimApp } from '../../support/scim.js';

const own = 'urn:gatehouse:params:scim:schemas:extension:tenant:2.0:User';
const attributes = [
  { name: 'badge', type: 'string', values: (index: number) => `Badge ${index}`, asked: '"BADGE 7"' },
  { name: 'number', type: 'integer', values: (index: number) => index, asked: '7' },
  {
    name: 'entered',
    type: 'dateTime',
    values: (index: number) => `2026-01-0${1 + (index % 9)}T0${Math.floor(index / 9)}:00:00Z`,
    asked: '"2026-01-08T01:00:00+01:00"',
  },
  { name: 'desks', type: 'string', values: (index: number) => [`a${index}`, `b${index}`], asked: '"B7"' },
] as const;

describe('a filter on a unique attribute of a tenant’s own', () => {
  let app: ScimApp;
  let tally: Tally;
  let wanted: string;
  before(async () => {
    app = await startScim({
      wrapStore: (store) => {
        const counted = countedStore(store);
        tally = counted.tally;
        return counted.store;
      },
    });
    const actor = systemActor(app.tenantId);
    for (const { name, type } of attributes)
      await createAttribute(app.core, actor, { name, type, unique: true, multiValued: name === 'desks' });
    for (let index = 0; index < 30; index += 1) {
      const values = Object.fromEntries(attributes.map(({ name, values: of }) => [name, of(index)]));
      const made = await app.acme.post('/Users', newUser({ schemas: [urn.user, own], [own]: values }));
      expect(made.status, made.text).to.equal(201);
      if (index === 7) wanted = (made.body as { id: string }).id;
    }
  });
  after(() => app.stop());

  const find = async (filter: string): Promise<{ ids: string[]; read: number }> => {
    const before = tally.read['users'] ?? 0;
    const answer = await app.acme.get(`/Users?filter=${encodeURIComponent(filter)}`);
    expect(answer.status, answer.text).to.equal(200);
    const { Resources } = answer.body as { Resources: { id: string }[] };
    return { ids: Resources.map(({ id }) => id), read: (tally.read['users'] ?? 0) - before };
  };

  for (const { name, type, asked } of attributes) {
    it(`finds one user by a ${type} (${name}), and reads no other`, async () => {
      const { ids, read } = await find(`${own}:${name} eq ${asked}`);
      expect(ids).to.deep.equal([wanted]);
      expect(read).to.be.at.most(3);
    });
  }

  it('finds the same together with other conditions, and the others without the index', async () => {
    const both = `${own}:badge eq "badge 7" and active eq true`;
    expect((await find(both)).ids).to.deep.equal([wanted]);
    expect((await find(`${own}:badge eq "badge 7" and active eq false`)).ids).to.deep.equal([]);
    expect((await find(`${own}:badge eq "badge 99"`)).ids).to.deep.equal([]);
    expect((await find(`${own}:badge eq "badge 7" or ${own}:number eq 8`)).ids).to.have.length(2);
    expect((await find(`${own}:badge sw "badge 2"`)).ids).to.have.length(11);
    expect((await find(`not (${own}:badge eq "badge 7")`)).ids).to.have.length(29);
  });
});
