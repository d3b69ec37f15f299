import { expect } from 'chai';
import { ManualClock } from '../../support/clock.js';
import { startScim, type ScimApp } from '../../support/scim.js';

describe('comparisons at their very boundary', () => {
  const clock = new ManualClock();
  let app: ScimApp;
  before(async () => {
    app = await startScim({ clock });
  });
  after(() => app.stop());

  it('tell gt from ge and lt from le at the instant of a resource', async () => {
    const user = await app.acme.user();
    const { created } = user['meta'] as { created: string };
    const expected = { gt: 0, ge: 1, lt: 0, le: 1, eq: 1, ne: 0 };
    for (const path of ['meta.created', 'meta.lastModified']) {
      for (const [op, total] of Object.entries(expected)) {
        const filter = `id eq "${user.id}" and ${path} ${op} "${created}"`;
        expect((await app.acme.find('Users', filter)).totalResults, filter).to.equal(total);
        const alone = await app.acme.find('Users', `${path} ${op} "${created}"`);
        expect(
          alone.Resources.some(({ id }) => id === user.id),
          `${path} ${op}`,
        ).to.equal(total === 1);
      }
    }
  });

  it('do not take a text for ended before its last line break', async () => {
    const user = await app.acme.user({ externalId: 'abc\n' });
    const found = async (filter: string): Promise<boolean> =>
      (await app.acme.find('Users', filter)).Resources.some(({ id }) => id === user.id);
    expect(await found('externalId ew "c"')).to.equal(false);
    expect(await found('externalId ew "c\\n"')).to.equal(true);
    expect(await found('externalId sw "abc"')).to.equal(true);
    expect(await found('externalId eq "abc"')).to.equal(false);
  });
});
