import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageFolder, programCall } from '../../../src/infrastructure/package-info.js';

const read = (name: string): string => readFileSync(join(packageFolder, name), 'utf8');
interface Package {
  name: string;
  bin: Record<string, string>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
}
interface Lock {
  name: string;
  packages: Record<string, { name?: string; resolved?: string; hasInstallScript?: boolean }>;
}
const manifest = JSON.parse(read('package.json')) as Package;
const lock = JSON.parse(read('package-lock.json')) as Lock;

function filesUnder(folder: string): string[] {
  return readdirSync(join(packageFolder, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(packageFolder.length + 1));
}

describe('the package', () => {
  it('has a name of its own, and the command its short one', () => {
    expect([manifest.name, lock.name, lock.packages['']?.name]).to.deep.equal(
      Array.from({ length: 3 }, () => 'gatehouse-server'),
    );
    expect(manifest.bin).to.deep.equal({ gatehouse: 'dist/cli/main.js' });
    expect(manifest.scripts).to.include({
      gatehouse: 'node dist/cli/main.js',
      pregatehouse: manifest.scripts['prestart']!,
    });
  });

  it('tells nobody to fetch a stranger’s package by npx', () => {
    const told = [
      'README.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
      'Dockerfile',
      'compose.yaml',
      ...filesUnder('docs'),
      ...filesUnder('src'),
      ...filesUnder('scripts'),
    ].filter((name) => /npx\s+(?:-\S+\s+)*gatehouse/.test(read(name)));
    expect(told).to.deep.equal([]);
  });

  for (const [script, call] of [
    ['/usr/local/bin/gatehouse', 'gatehouse'],
    ['/app/node_modules/.bin/gatehouse', 'gatehouse'],
    ['/app/dist/cli/main.js', 'npm run gatehouse --'],
    [undefined, 'npm run gatehouse --'],
  ] as const) {
    it(`is called "${call}" where it runs as ${script ?? 'part of something else'}`, () => {
      expect(programCall(script ?? '')).to.equal(call);
    });
  }

  it('locks each dependency by its digest alone, and names the ones that run install scripts', () => {
    expect(Object.values(lock.packages).filter(({ resolved }) => resolved !== undefined)).to.deep.equal([]);
    const scripted = Object.entries(lock.packages)
      .filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript === true)
      .map(([path]) => path.split('node_modules/').at(-1)!);
    expect(Object.keys(manifest.allowScripts)).to.include.members(
      scripted.filter((name) => name !== 'fsevents'),
    );
  });

  it('packs what its commands and its documents need, and nothing of the tests', function () {
    this.timeout(120_000);
    const listed = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], {
        cwd: packageFolder,
        encoding: 'utf8',
      }),
    ) as Record<string, { files: { path: string }[] }> | { files: { path: string }[] }[];
    const paths = Object.values(listed)[0]!.files.map(({ path }: { path: string }) => path);
    const needed = [
      'package.json',
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
      ...filesUnder('config').filter((name) => !name.includes('tooling')),
      ...filesUnder('docs'),
      ...filesUnder('deploy'),
      'SECURITY.md',
    ];
    expect(paths).to.include.members(needed);
    expect(
      paths.filter((path: string) => /^(test|src|scripts|data|\.ci)\b|tooling/.test(path)),
    ).to.deep.equal([]);
  });
});
