import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { packageFolder } from '../../../src/infrastructure/package-info.js';

interface Step {
  run?: string;
}
interface Job {
  steps: Step[];
  strategy?: { matrix: { node: number[] } };
}

const read = (path: string) => readFile(join(packageFolder, path), 'utf8');

describe('the continuous integration', () => {
  let jobs: Record<string, Job>;
  let scripts: Record<string, string>;
  before(async () => {
    ({ jobs } = parse(await read('.github/workflows/ci.yml')) as { jobs: Record<string, Job> });
    ({ scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> });
  });
  const runsOf = (job: string) => (jobs[job]?.steps ?? []).map(({ run = '' }) => run).join('\n');

  it('tests every supported Node, beginning with the oldest that package.json allows', async () => {
    const { engines } = JSON.parse(await read('package.json')) as { engines: { node: string } };
    const nodes = jobs['embedded']?.strategy?.matrix.node ?? [];
    expect(nodes).to.deep.equal([20, 22, 24]);
    expect(engines.node).to.match(new RegExp(`^>=${nodes[0] ?? 0}\\.`));
  });

  it('tests the MongoDB that compose.yaml runs, as a replica set', async () => {
    const image = /image: (mongo:\d+)/.exec(await read('compose.yaml'))?.[1];
    expect(runsOf('mongodb'))
      .to.contain(`${image ?? 'no image'} --replSet`)
      .and.to.contain('rs.initiate');
  });

  it('runs scripts that package.json has', () => {
    const used = Object.keys(jobs).flatMap((job) =>
      [...runsOf(job).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? ''),
    );
    expect(used).to.include.members(['check', 'test:mongo']);
    for (const name of used) expect(scripts, name).to.have.property(name);
  });
});
