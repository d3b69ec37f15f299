// What one tenant's heaviest work costs everybody else: `npm run bench -- --only fairness [--users 20000] [--secs 5]`.
// `--row 'deep pages'`: that row alone; `--profile DIR`: with a CPU profile of the server.
// While tenant `loud` does one thing, `/healthz` and a SCIM lookup of tenant `quiet` are timed; the first row is nobody doing anything.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const bulkUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

/** @param tenants - `{ loud, quiet }`, each with `token`, `key`, and a directory. */
export async function measureFairness(base, { loud, quiet }, { users, seconds, row, child }) {
  const call = async (who, path, method = 'GET', body, headers = {}) => {
    const isScim = path.startsWith('/scim');
    const res = await fetch(`${base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${isScim ? who.token : who.key}`,
        ...(body && { 'content-type': isScim ? 'application/scim+json' : 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await res.text();
    return { status: res.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  const person = (at) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: `user-${at}@loud.test`,
    name: { givenName: 'Given', familyName: `Family ${at}` },
    emails: [{ value: `user-${at}@loud.test`, primary: true }],
    title: `Title ${at % 100}`,
  });

  const ids = [];
  for (let at = 0; at < users; at += 500) {
    const Operations = Array.from({ length: Math.min(500, users - at) }, (_, n) => ({
      method: 'POST',
      path: '/Users',
      bulkId: `u${at + n}`,
      data: person(at + n),
    }));
    const { body } = await call(loud, '/scim/v2/Bulk', 'POST', { schemas: [bulkUrn], Operations });
    ids.push(...body.Operations.map(({ location }) => location.split('/').at(-1)));
  }
  await call(quiet, '/scim/v2/Users', 'POST', { ...person(0), userName: 'only@quiet.test', emails: [] });
  const group = await call(loud, '/scim/v2/Groups', 'POST', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Bench',
  });
  const directories = await call(loud, '/api/v1/directories');
  const directory = directories.body.items[0].id;
  const members = ids.slice(0, 2000).map((value) => ({ value }));
  const roles = Array.from({ length: 500 }, (_, at) => ({ value: `${'a'.repeat(990)}${at}` }));
  const rules = Array.from({ length: 500 }, (_, at) => ({
    when: { path: 'roles.value', matches: `*${'a'.repeat(170)}${at}b*` },
    grant: ['administrator'],
  }));
  const patch = (path, Operations) => call(loud, path, 'PATCH', { schemas: [patchUrn], Operations });
  const contains = encodeURIComponent('title co "no such title"');
  const works = {
    nothing: () => delay(100),
    'rule dry run, the worst allowed': () =>
      call(loud, `/api/v1/directories/${directory}/rules/dry-run`, 'POST', { user: { roles }, rules }),
    'PATCH of a user, 500 operations': () =>
      patch(
        `/scim/v2/Users/${ids[0]}`,
        Array.from({ length: 500 }, (_, at) => ({ op: 'replace', path: 'title', value: `T${at}` })),
      ),
    '2,000 members in and out': async () => {
      const path = `/scim/v2/Groups/${group.body.id}`;
      await patch(path, [{ op: 'add', path: 'members', value: members }]);
      await patch(path, [{ op: 'remove', path: 'members' }]);
    },
    '8 searches without an index': () =>
      Promise.all(Array.from({ length: 8 }, () => call(loud, `/scim/v2/Users?filter=${contains}`))),
    '8 deep pages of 1,000': () =>
      Promise.all(
        Array.from({ length: 8 }, () => call(loud, `/scim/v2/Users?startIndex=${users - 1000}&count=1000`)),
      ),
    'console search': () => call(loud, '/api/v1/users?q=nobody-is-called-so'),
    'CSV export': () => call(loud, '/api/v1/users/export.csv'),
    '300 streams asked for, 20 open, writes beside': async () => {
      const abort = new AbortController();
      const path = `${base}/api/v1/directories/${directory}/requests/stream`;
      const headers = { authorization: `Bearer ${loud.key}` };
      const streams = Array.from({ length: 300 }, () =>
        fetch(path, { headers, signal: abort.signal }).catch(() => undefined),
      );
      await Promise.all(streams);
      for (let at = 0; at < 200; at += 1) await call(loud, `/scim/v2/Users/${ids[at]}`);
      abort.abort();
    },
    '64 sign-ins at once': () =>
      Promise.all(
        Array.from({ length: 64 }, (_, at) =>
          fetch(`${base}/signin/password`, {
            method: 'POST',
            redirect: 'manual',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: `email=user-${at}@loud.test&password=wrong-password-${at}`,
          }).then((res) => res.text()),
        ),
      ),
  };
  /** The longest turns of the server's event loop since it was asked last. */
  const turns = async () => {
    child.send('report turns');
    const [report] = await once(child, 'message');
    return report;
  };
  const rows = [];
  const lookup = `/scim/v2/Users?filter=${encodeURIComponent('userName eq "only@quiet.test"')}`;
  for (const [name, work] of Object.entries(works)) {
    if (row && name !== 'nothing' && !name.includes(row)) continue;
    await turns();
    const state = { isOver: false, rounds: 0 };
    const end = performance.now() + seconds * 1000;
    const loudly = (async () => {
      while (performance.now() < end) {
        await work();
        state.rounds += 1;
      }
      state.isOver = true;
    })();
    const timed = async (ask) => {
      const times = [];
      while (!state.isOver) {
        const began = performance.now();
        await ask();
        times.push(performance.now() - began);
      }
      return times.sort((a, b) => a - b);
    };
    const [health, found] = await Promise.all([
      timed(() => call(quiet, '/healthz')),
      timed(() => call(quiet, lookup)),
    ]);
    await loudly;
    rows.push({ name, rounds: state.rounds, health, found, turn: await turns() });
  }
  const at = (times, share) =>
    (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(0);
  const of = (times) => `${at(times, 0.5)} / ${at(times, 0.99)} / ${at(times, 1)}`;
  console.log(`\n${users} users of the loud tenant; ms, p50 / p99 / longest`);
  console.log('turn of the event loop: ms of processor time, met by 1 request in 100 / longest\n');
  console.log(
    '| one tenant does | rounds | turn | /healthz | another tenant’s lookup |\n|---|--:|--:|--:|--:|',
  );
  for (const { name, rounds, health, found, turn } of rows) {
    const loop = `${turn.met.toFixed(0)} / ${turn.longest.toFixed(0)}`;
    console.log(`| ${name} | ${rounds} | ${loop} | ${of(health)} | ${of(found)} |`);
  }
}
