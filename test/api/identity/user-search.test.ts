import { expect } from 'chai';
import type { Core } from '../../../src/identity/core.js';
import { searchUsers, userPosition, type UserPosition } from '../../../src/identity/users/search.js';
import { newId } from '../../../src/shared/ids.js';
import { openTestCore } from '../../support/core.js';
import { givenTenant, givenUser } from '../../support/people.js';

describe('the search for users by a text', () => {
  let core: Core;
  let tenantId: string;
  const people = 700;

  before(async () => {
    core = await openTestCore();
    tenantId = (await givenTenant(core))._id;
    const { _id, version: _version, searchKey: _key, ...user } = await givenUser(core, tenantId);
    await core.store
      .tenant(tenantId)
      .collection('users')
      .insertMany(
        Array.from({ length: people }, (_, at) => {
          const name = `person-${at}${at % 10 === 0 ? '-round' : ''}@search.test`;
          return {
            ...user,
            _id: newId(),
            userName: name,
            userNameKey: name,
            loginKeys: [name],
            emailKey: name,
            emailKeys: [name],
            displayNameKey: `person ${people - at}`,
            // Of an earlier version, with more than fits, and as most are.
            ...[{}, { searchKey: null }, { searchKey: `person ${people - at}\n${name}` }][at % 3],
          };
        }),
      );
  });

  async function walk(q: string, limit: number): Promise<{ names: string[]; totals: Set<number> }> {
    const names: string[] = [];
    const totals = new Set<number>();
    for (let after: UserPosition | undefined; ;) {
      const page = await searchUsers(
        core,
        tenantId,
        { q },
        { sort: 'userName', descending: true, limit, after },
      );
      names.push(...page.items.map(({ userNameKey }) => userNameKey));
      totals.add(page.total);
      const last = page.items.at(-1);
      if (!last || page.items.length < limit) return { names, totals };
      after = userPosition(last, 'userName');
    }
  }
  const inOrder = (names: readonly string[]): string[] => [...names].sort().reverse();

  for (const [what, q, count, limit] of [
    ['a few', '-round@', people / 10, 30],
    ['most', '@SEARCH.test', people, 200],
    ['nobody', 'nobody-is-called-so', 0, 30],
  ] as const) {
    it(`gives ${what} page by page in the order asked for, each once, with the total on every page`, async () => {
      const { names, totals } = await walk(q, limit);
      expect(names).to.deep.equal(inOrder(names));
      expect(new Set(names).size).to.equal(count);
      expect(names.length).to.equal(count);
      expect([...totals]).to.deep.equal([count]);
    });
  }

  it('finds nothing of another tenant', async () => {
    const other = (await givenTenant(core))._id;
    const page = { sort: 'userName', descending: false, limit: 10 } as const;
    expect(await searchUsers(core, other, { q: '-round@' }, page)).to.deep.equal({ items: [], total: 0 });
  });
});
