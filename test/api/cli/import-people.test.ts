import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runLine, type CliOutcome } from '../../support/cli.js';

const tenants = [
  {
    slug: 'acme',
    name: 'Acme',
    preset: 'default',
    users: [{ email: 'root@acme.test', givenName: 'Root', familyName: 'R', roles: ['administrator'] }],
    applications: [
      {
        ...{ key: 'crm', name: 'CRM', clientId: 'crm', redirectUris: ['http://localhost:4000/cb'] },
        roles: [{ key: 'agent', name: 'Agent', permissions: ['calls.read'] }],
      },
    ],
  },
];
const csv = ['email,first name,role', 'ada@home.test,Ada,', 'not an address,X,', 'root@acme.test,Root,'].join(
  '\n',
);

describe('gatehouse import people', () => {
  let folder: string;
  const run = (line: string, input = ''): Promise<CliOutcome> =>
    runLine(line, { DATA_DIR: join(folder, 'data') }, input);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-people-'));
    await writeFile(join(folder, 'setup.json'), JSON.stringify({ tenants }));
    await writeFile(join(folder, 'people.csv'), csv);
    expect((await run(`import ${join(folder, 'setup.json')}`)).code).to.equal(0);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('says first what would happen to each line, then does it, and refuses those that are there', async () => {
    const file = join(folder, 'people.csv');
    const tried = await run(`import people ${file} --dry-run --json`);
    expect(tried.code).to.equal(1);
    expect(tried.json()).to.deep.include({ dryRun: true, counts: { done: 1, unchanged: 0, refused: 2 } });
    const done = await run(`import people ${file} --roles crm:agent --json`);
    expect(done.json()).to.deep.include({ tenant: 'acme', status: 'done', total: 3 });
    const refused = done.json()['refused'] as { line: number; code: string }[];
    expect(refused.map(({ code, line }) => [line, code])).to.deep.equal([
      [3, 'input.invalid'],
      [4, 'user.name_taken'],
    ]);
    const { out } = await run('export --person ada@home.test');
    expect(out).to.include('crm:agent');
    const again = await run(`import people ${file}`);
    expect(again.out).to.include('took over 0 of 3 into acme').and.to.include('line 2: ada@home.test');
  });

  it('reads standard input, and names what it does not know', async () => {
    const people = JSON.stringify([{ email: 'grace@home.test', givenName: 'Grace' }]);
    const read = await run('import people - --format json --json', people);
    expect(read, read.out).to.include({ code: 0 });
    expect((await run('import people - --format xml', '')).code).to.equal(64);
    expect((await run('import people - --roles crm:boss', csv)).code).to.equal(64);
    expect((await run(`import people ${join(folder, 'none.csv')}`)).code).to.equal(66);
  });
});
