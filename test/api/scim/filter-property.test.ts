import { expect } from 'chai';
import fc from 'fast-check';
import { compileFilter } from '../../../src/scim/protocol/filter-match.js';
import { parseFilter } from '../../../src/scim/protocol/filter-parse.js';
import { schemasOf } from '../../../src/scim/schemas.js';
import { startScim, unique, urn, type ScimApp } from '../../support/scim.js';

const words = ['alpha', 'Beta', 'GAMMA', 'al', 'a.b*c', 'x', 'é', ''];
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
  filter: fc.oneof({ maxDepth: 3, withCrossShrink: true }, textTerm, present, active, element, tie('group')),
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
    const schema = schemasOf(app.core).user;
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
      { numRuns: 200 },
    );
  }).timeout(60_000);
});
