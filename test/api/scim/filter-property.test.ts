import { expect } from 'chai';
import fc from 'fast-check';
import { compileFilter } from '../../../src/scim/protocol/filter/match.js';
import { parseFilter } from '../../../src/scim/protocol/filter/parse.js';
import { commonSchemas } from '../../../src/identity/tenants/schemas.js';
import { evaluate, render, tree, user, type User } from '../../support/filter-trees.js';
import { newUser, startScim, unique, urn, type ScimApp } from '../../support/scim.js';

const words = ['alpha', 'Beta', 'GAMMA', 'al', 'a.b*c', 'x', 'é', 'ﬁ', ''];
const word = fc.constantFrom(...words);

const textPaths = [
  'userName',
  'externalId',
  'displayName',
  'title',
  'name.familyName',
  'emails',
  'emails.value',
  'emails.type',
  `${urn.enterprise}:employeeNumber`,
  `${urn.enterprise}:department`,
  `${urn.user}:nickName`,
];

const instants = [
  '2011-05-13T04:42:34Z',
  '2011-05-13T04:42:34',
  '2199-01-01T00:00:00+14:00',
  '2199-01-01T00:00:00.5-12:00',
];
const instant = fc
  .tuple(
    fc.constantFrom('meta.created', 'META.lastModified'),
    fc.constantFrom('gt', 'ge', 'lt', 'le', 'eq', 'ne'),
    fc.constantFrom(...instants),
  )
  .map(([path, op, value]) => `${path} ${op} "${value}"`);

const quoted = (text: string): string => JSON.stringify(text);
const textTerm = fc
  .tuple(
    fc.constantFrom(...textPaths),
    fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'),
    word,
  )
  .map(([path, op, value]) => `${path} ${op} ${quoted(value)}`);
const present = fc
  .constantFrom(...textPaths, 'active', 'emails', 'groups', 'meta.created')
  .map((path) => `${path} pr`);
const active = fc
  .tuple(fc.constantFrom('eq', 'ne'), fc.boolean())
  .map(([op, value]) => `active ${op} ${String(value)}`);
const element = fc
  .tuple(fc.constantFrom('work', 'home'), fc.constantFrom('eq', 'co', 'sw'), word)
  .map(([type, op, value]) => `emails[type eq "${type}" and value ${op} ${quoted(value)}]`);

const { filter } = fc.letrec<{ filter: string; group: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    textTerm,
    present,
    active,
    element,
    instant,
    tie('group'),
  ),
  group: fc.oneof(
    fc
      .tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie('filter').map((inner) => `not (${inner})`),
  ),
}));

/** A fixed sequence of choices: the same users in every run. */
function chooser(seed: number): <T>(from: readonly T[]) => T {
  let state = seed;
  return (from) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return from[(state >> 8) % from.length]!;
  };
}

describe('SCIM filters against a naive evaluator (RFC 7644 section 3.4.2.2)', () => {
  let app: ScimApp;
  let all: Record<string, unknown>[] = [];

  before(async () => {
    app = await startScim();
    const pick = chooser(7);
    const maybe = (name: string): object =>
      pick([true, true, false]) ? { [name]: pick(words) || undefined } : {};
    const users = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        app.acme
          .user({
            schemas: [urn.user, urn.enterprise],
            userName: `${pick(words)}${unique('p')}`,
            displayName: undefined,
            name: undefined,
            emails: [
              ...(pick([true, false]) ? [{ type: 'work', value: `${pick(words)}${i}w` }] : []),
              ...(pick([true, false]) ? [{ type: 'home', value: pick(words) || 'y' }] : []),
            ],
            ...maybe('title'),
            ...maybe('displayName'),
            ...maybe('nickName'),
            ...maybe('externalId'),
            ...(pick([true, false]) && { name: { familyName: pick(words) || 'z' } }),
            active: pick([true, true, false]),
            [urn.enterprise]: { ...maybe('employeeNumber'), ...maybe('department') },
          })
          .catch(() => undefined),
      ),
    );
    await app.acme.group({
      members: users.slice(0, 3).flatMap((user) => (user ? [{ value: user.id }] : [])),
    });
    all = (await app.acme.get('/Users?count=1000')).body.Resources;
    expect(all.length).to.be.above(20);
  });
  after(() => app.stop());

  it('finds exactly the resources the filter holds for, however the store narrows it down', async () => {
    const schema = commonSchemas(app.core).user;
    await fc.assert(
      fc.asyncProperty(filter, async (text) => {
        const test = compileFilter(parseFilter(text, schema));
        const expected = all.filter(test).map((resource) => String(resource['id']));
        const res = await app.acme.post('/Users/.search', {
          schemas: [urn.search],
          filter: text,
          count: 1000,
        });
        expect(res.status, `${text} ${res.text.slice(0, 200)}`).to.equal(200);
        expect(
          res.body.Resources.map((resource: { id: string }) => resource.id),
          text,
        ).to.deep.equal(expected);
        expect(res.body.totalResults).to.equal(expected.length);
      }),
      { numRuns: 150 },
    );
  }).timeout(120_000);

  it('finds what a naive evaluator finds among users of any shape, in any order and on any page', async () => {
    const { acmeSecond } = app;
    const samples = fc.sample(user, { numRuns: 60, seed: 11 });
    for (const [at, sample] of samples.entries()) {
      const userName = `${sample.userName}${at}`;
      const body = {
        ...newUser(),
        displayName: undefined,
        emails: undefined,
        name: undefined,
        ...sample,
        userName,
      };
      await acmeSecond.post('/Users', { ...body, schemas: [urn.user, urn.enterprise] });
    }
    const everybody = (await acmeSecond.get('/Users?count=1000')).body.Resources as (User & { id: string })[];
    expect(everybody.length).to.be.above(30);
    const order = fc.constantFrom('', 'userName', 'title', 'meta.created', 'name.familyName');
    const property = fc.asyncProperty(
      tree,
      order,
      fc.integer({ min: 4, max: 25 }),
      async (node, sortBy, count) => {
        const filter = render(node);
        fc.pre(filter.length < 4_000);
        const expected = everybody.filter((one) => evaluate(node, one)).map(({ id }) => id);
        const found: string[] = [];
        for (let startIndex = 1; startIndex <= expected.length + count; startIndex += count) {
          const search = { schemas: [urn.search], filter, count, startIndex, attributes: ['id'], sortBy };
          const res = await acmeSecond.post('/Users/.search', search);
          expect(res.status, `${filter} ${res.text.slice(0, 200)}`).to.equal(200);
          expect(res.body.totalResults, `${filter} ${sortBy}`).to.equal(expected.length);
          found.push(...res.body.Resources.map(({ id }: { id: string }) => id));
        }
        if (sortBy === '') expect(found, filter).to.deep.equal(expected);
        else expect([...found].sort(), `${filter} ${sortBy}`).to.deep.equal([...expected].sort());
      },
    );
    await fc.assert(property, { numRuns: 40 });
  }).timeout(120_000);
});
