import { expect } from 'chai';
import { startScim, unique, type ScimApp } from '../../support/scim.js';

type Json = Record<string, unknown>;

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Far above what these take (a tenth of a second), far below what they took before the limits (a minute and more). */
const generousMs = 15_000;

describe('limits of a PATCH', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  const mail = (index: number): Json => ({ value: `m${index}@acme.test`, type: `t${index}` });

  const tooMuch: Record<string, Json[]> = {
    'adds of one value each': many(8000, (i) => ({ op: 'add', path: 'emails', value: [mail(i)] })),
    'adds without a path': many(8000, (i) => ({ op: 'add', value: { roles: [{ value: `r${i}` }] } })),
    'filtered replaces': many(5000, (i) => ({
      op: 'replace',
      path: `emails[type eq "t${i}"].value`,
      value: 'x@acme.test',
    })),
    'removals of what is not there': many(20_000, (i) => ({ op: 'remove', path: `roles[value eq "${i}"]` })),
    'replaces of one text': many(20_000, (i) => ({ op: 'replace', path: 'title', value: `T${i}` })),
    'the form of Entra': many(8000, (i) => ({ op: 'Add', path: 'emails', value: [mail(i)] })),
    'removals of a single value by a filter': many(8000, (i) => ({
      op: 'Remove',
      path: `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager[value eq "${i}"]`,
    })),
    'long filters on many values': [
      { op: 'add', path: 'roles', value: many(500, (i) => ({ value: `r${i}` })) },
      ...many(400, () => ({
        op: 'remove',
        path: `roles[${many(500, (i) => `value eq "n${i}"`).join(' or ')}]`,
      })),
    ],
    'removals that list thousands of values': many(100, () => ({
      op: 'remove',
      path: 'roles',
      value: many(500, (i) => ({ value: `n${i}` })),
    })),
  };

  for (const [name, operations] of Object.entries(tooMuch)) {
    it(`refuses ${name} at once, and changes nothing`, async () => {
      const user = await app.acme.user({ roles: many(100, (i) => ({ value: `s${i}` })) });
      const start = performance.now();
      const res = await app.acme.patch(`/Users/${user.id}`, operations);
      expect(performance.now() - start).to.be.below(generousMs);
      expect(res.status, res.text.slice(0, 300)).to.equal(400);
      expect(res.body.scimType).to.be.oneOf(['tooMany', 'invalidValue']);
      expect(res.body.detail).to.match(/at most \d+|too many values/);
      const after = await app.acme.get(`/Users/${user.id}`);
      expect(after.body.meta.version).to.equal((user['meta'] as Json)['version']);
    });
  }

  it('takes 500 operations on a user, and refuses 501 by their number', async () => {
    const user = await app.acme.user();
    const titles = many(501, (i) => ({ op: 'replace', path: 'title', value: `T${i}` }));
    const taken = await app.acme.patch(`/Users/${user.id}`, titles.slice(0, 500));
    expect(taken.status).to.equal(200);
    expect(taken.body.title).to.equal('T499');
    const refused = await app.acme.patch(`/Users/${user.id}`, titles);
    expect(refused.body).to.include({ status: '400', scimType: 'tooMany' });
    expect(refused.body.detail).to.contain('500').and.contain('501');
  });

  it('refuses values beyond 500 as they grow, though a later operation takes them away', async () => {
    const user = await app.acme.user({ roles: many(400, (i) => ({ value: `r${i}` })) });
    const res = await app.acme.patch(`/Users/${user.id}`, [
      { op: 'add', path: 'roles', value: many(101, (i) => ({ value: `n${i}` })) },
      { op: 'remove', path: 'roles' },
    ]);
    expect(res.body).to.include({ status: '400', scimType: 'invalidValue' });
    expect(res.body.detail).to.contain('501').and.contain('at most 500');
  });

  it('takes a thousand member operations in one PATCH of a group, of every form providers send', async () => {
    const users = await Promise.all(many(20, () => app.acme.user()));
    const idOf = (i: number): string => users[i % users.length]?.id ?? '';
    const group = await app.acme.group();
    const forms: Record<string, (i: number) => Json> = {
      add: (i) => ({ op: 'add', path: 'members', value: [{ value: idOf(i) }] }),
      'add as Entra': (i) => ({ op: 'Add', path: 'members', value: [{ $ref: null, value: idOf(i) }] }),
      'remove by filter': (i) => ({ op: 'remove', path: `members[value eq "${idOf(i)}"]` }),
      'remove by value': (i) => ({ op: 'Remove', path: 'members', value: [{ value: idOf(i) }] }),
      'path-less add': (i) => ({ op: 'add', value: { members: [{ value: idOf(i) }] } }),
    };
    for (const [name, form] of Object.entries(forms)) {
      const res = await app.acme.patch(`/Groups/${group.id}`, many(1000, form));
      expect(res.status, `${name}: ${res.text}`).to.equal(204);
      const { body } = await app.acme.get(`/Groups/${group.id}`);
      expect((body.members ?? []).length, name).to.equal(name.startsWith('remove') ? 0 : 20);
    }
  });

  it('bounds what operations on members by other than their id may look at', async () => {
    const users = await Promise.all(many(60, () => app.acme.user()));
    const group = await app.acme.group({ members: users.map(({ id }) => ({ value: id })) });
    const byName = (i: number): Json => ({ op: 'remove', path: `members[display eq "${unique('n')}${i}"]` });
    const few = await app.acme.patch(`/Groups/${group.id}`, many(100, byName));
    expect(few.status).to.equal(204);
    const start = performance.now();
    const refused = await app.acme.patch(`/Groups/${group.id}`, many(10_000, byName));
    expect(performance.now() - start).to.be.below(generousMs);
    expect(refused.body).to.include({ status: '400', scimType: 'tooMany' });
    const beyond = await app.acme.patch(`/Groups/${group.id}`, many(10_001, byName));
    expect(beyond.body.detail).to.contain('10000');
  });

  it('reads a body of a hundred thousand spellings of one name in time that grows with their number', async () => {
    const user = await app.acme.user();
    const spellings = many(2 ** 16, (bits) =>
      Array.from('phonenumbers')
        .map((letter, at) => ((bits >> at) & 1 ? letter.toUpperCase() : letter))
        .join(''),
    );
    const value = Object.fromEntries([...new Set(spellings)].map((name) => [name, { value: '1' }]));
    const start = performance.now();
    const res = await app.acme.patch(`/Users/${user.id}`, [{ op: 'add', value }]);
    expect(performance.now() - start).to.be.below(generousMs);
    expect(res.status).to.be.oneOf([200, 400]);
  });

  it('limits the operations of /Bulk and of other forms of the address alike', async () => {
    const user = await app.acme.user();
    const Operations = many(501, (i) => ({ op: 'replace', path: 'title', value: `T${i}` }));
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
    const bulk = await app.acme.post('/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [{ method: 'PATCH', path: `/Users/${user.id}`, data: { schemas, Operations } }],
    });
    expect(bulk.body.Operations[0].response).to.include({ status: '400', scimType: 'tooMany' });
    const folded = await app.acme.patch(`/Users/${user.id}?attributes=title`, Operations);
    expect(folded.body).to.include({ status: '400', scimType: 'tooMany' });
  });
});
