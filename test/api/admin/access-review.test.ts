import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';

interface Source {
  type: string;
  detail: string;
  since: string | null;
  until: string | null;
}
interface Reviewed {
  user: { id: string; label: string; enabled: boolean; deleted: boolean; accessExpiresAt: string | null };
  roles: { role: string; sources: Source[] }[];
}

describe('the access review: who had what, since when, by which source', () => {
  let app: TestApp;
  let clock: ManualClock;
  let acme: ApiTenant;
  before(async () => {
    clock = new ManualClock();
    app = await startApp({ clock });
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
  });
  after(() => app.stop());

  const day = 86_400_000;
  const now = () => clock.now().toISOString();

  async function review(at: string, limit = 100): Promise<Map<string, Reviewed>> {
    const found = new Map<string, Reviewed>();
    let cursor: string | null = null;
    do {
      const query = `at=${encodeURIComponent(at)}&limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`;
      const res = await acme.call('get', `/access-review?${query}`);
      expect(res.status, res.text).to.equal(200);
      const { items, next } = res.body as { items: Reviewed[]; next: string | null };
      for (const item of items) {
        expect(found.has(item.user.id), 'each person once').to.equal(false);
        found.set(item.user.id, item);
      }
      cursor = next;
    } while (cursor !== null);
    return found;
  }

  const rolesOf = (reviewed: Reviewed | undefined): string[] => reviewed?.roles.map(({ role }) => role) ?? [];

  it('shows each day as it was: roles given, taken and given for a time, people disabled, deleted and erased', async () => {
    await acme.givenUser({ roles: ['administrator'] });
    const kept = await acme.givenUser({ roles: ['administrator'] });
    const gone = await acme.givenUser({ roles: ['crm:agent'] });
    const erased = await acme.givenUser({ roles: ['crm:agent'] });
    const first = now();
    clock.advance(day);
    await acme
      .call('patch', `/users/${kept._id}`)
      .send({ roles: ['crm:agent'] })
      .expect(200);
    await acme.call('post', `/users/${kept._id}/disable`).expect(200);
    await acme.call('delete', `/users/${gone._id}`).expect(204);
    await acme.call('post', `/users/${erased._id}/erase`).send({ confirm: erased._id }).expect(202);
    const late = await acme.givenUser({ roles: ['crm:agent'] });
    const second = now();
    clock.advance(day);
    await acme.call('patch', `/users/${kept._id}`).send({ roles: [] }).expect(200);

    for (const limit of [100, 1]) {
      const then = await review(first, limit);
      expect(rolesOf(then.get(kept._id))).to.deep.equal(['administrator']);
      expect(then.get(kept._id)?.user).to.include({ enabled: true, deleted: false });
      expect(then.get(kept._id)?.roles[0]?.sources).to.have.length(1);
      expect(then.get(kept._id)?.roles[0]?.sources[0]).to.include({ type: 'manual', since: first });
      expect(rolesOf(then.get(gone._id))).to.deep.equal(['crm:agent']);
      expect(then.get(gone._id)?.user).to.include({ deleted: true, enabled: true, label: gone.email });
      expect(rolesOf(then.get(erased._id))).to.deep.equal(['crm:agent']);
      expect(then.get(erased._id)?.user.label).to.equal(`erased-${erased._id.slice(-8)}`);
      expect(then.has(late._id)).to.equal(false);

      const next = await review(second, limit);
      expect(rolesOf(next.get(kept._id))).to.deep.equal(['crm:agent']);
      expect(next.get(kept._id)?.user.enabled).to.equal(false);
      expect([next.has(gone._id), next.has(erased._id)]).to.deep.equal([false, false]);
      expect(rolesOf(next.get(late._id))).to.deep.equal(['crm:agent']);
    }
    expect((await review(now())).has(kept._id)).to.equal(false);
  });

  it('takes a role that ended by itself for one that was there', async () => {
    const user = await acme.givenUser();
    const until = new Date(clock.now().getTime() + day).toISOString();
    await acme.call('put', `/users/${user._id}/roles/crm:agent`).send({ until }).expect(200);
    const during = now();
    clock.advance(2 * day);
    expect((await review(during)).get(user._id)?.roles[0]?.sources[0]).to.include({ type: 'manual', until });
    expect((await review(now())).has(user._id)).to.equal(false);
  });

  it('is a CSV with a row for each source, and leaves an event', async () => {
    const user = await acme.givenUser({ roles: ['crm:agent'] });
    const res = await acme.call('get', '/access-review/export.csv').buffer(true);
    expect(res.status).to.equal(200);
    const row = res.text.split('\r\n').find((line) => line.includes(user._id));
    expect(row).to.match(/,yes,,no,crm:agent,manual,/);
    const events = await acme.call('get', '/audit-events?action=access_review.exported');
    expect((events.body as { total: number }).total).to.equal(1);
  });

  it('refuses an instant to come and a cursor of its own making', async () => {
    const later = new Date(clock.now().getTime() + day).toISOString();
    expect((await acme.call('get', `/access-review?at=${later}`)).status).to.equal(400);
    expect((await acme.call('get', '/access-review?cursor=x')).status).to.equal(400);
  });
});
