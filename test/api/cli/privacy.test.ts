import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLine } from '../../support/cli.js';

const tenants = [
  {
    slug: 'acme',
    name: 'Acme',
    preset: 'default',
    users: [
      { email: 'root@acme.test', givenName: 'Root', familyName: 'R', roles: ['administrator'] },
      { email: 'ada@acme.test', givenName: 'Ada', familyName: 'Lovelace' },
    ],
  },
];

describe('gatehouse erase and export --person', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-privacy-'));
    await writeFile(join(folder, 'setup.json'), JSON.stringify({ tenants }));
    expect((await run(`import ${join(folder, 'setup.json')}`)).code).to.equal(0);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const run = (line: string) => runLine(line, { DATA_DIR: join(folder, 'data') });

  it('print all there is of one person', async () => {
    const { code, json } = await run('export --person ada@acme.test');
    expect(code).to.equal(0);
    expect(json()['user']).to.include({ userName: 'ada@acme.test' });
    expect((await run('export --person nobody@acme.test --json')).json()).to.include({
      code: 'user.not_found',
      exitCode: 1,
    });
  });

  it('erase nobody without --yes, and say whom it would be', async () => {
    const { code, json } = await run('erase --person ada@acme.test --json');
    expect(code).to.equal(1);
    expect(json()).to.include({ erased: false, label: 'ada@acme.test', tenant: 'acme' });
  });

  it('erase a person at once, and a deleted one too', async () => {
    const { json: exported } = await run('export --person ada@acme.test');
    const id = String(exported()['id']);
    const { code, json } = await run('erase --person ada@acme.test --yes --json');
    expect(code).to.equal(0);
    expect(json()).to.include({ id, erased: true });
    expect(json()['events']).to.be.greaterThan(0);
    const left = await run(`export --person ${id}`);
    expect(left.json()['user']).to.equal(null);
    expect(left.out).not.to.match(/ada@acme|lovelace/i);
    expect((await run(`erase --person ${id} --yes`)).code).to.equal(0);
    expect((await run('audit verify --json')).json()).to.include({ ok: true });
  });

  it('refuse the last administrator and a person nobody knows', async () => {
    expect((await run('erase --person root@acme.test --yes')).code).to.equal(1);
    expect((await run('erase --person nobody@acme.test --yes')).code).to.equal(1);
    expect((await run('erase --yes')).code).to.equal(64);
  });
});
