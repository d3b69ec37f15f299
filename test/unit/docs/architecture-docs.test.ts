import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';

interface Rule {
  name: string;
  to: { path?: string };
}

const { forbidden } = createRequire(import.meta.url)('../../../config/tooling/dependency-cruiser.cjs') as {
  forbidden: Rule[];
};
const text = readFileSync('docs/architecture.md', 'utf8');

/** The sub-folders of an area as the linter has them, from the ground up. */
function floorsOf(area: string): string[] {
  const prefix = `floors-of-${area}: `;
  const rules = forbidden.filter(({ name }) => name.startsWith(prefix));
  const last = /\(([^()|]+)\)\/$/.exec(rules.at(-1)?.to.path ?? '')?.[1] ?? '';
  return [...rules.map(({ name }) => name.slice(prefix.length)), last].filter((name) => name !== '.');
}

/** The sub-folders of an area in the order of the document's table. */
function foldersOf(area: string): string[] {
  const [, table = ''] = text.split(`| \`src/${area}/\` | what |\n|---|---|\n`);
  const rows = table.split('\n\n')[0]?.split('\n') ?? [];
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([a-z]+)`/g)].map(([, name = '']) => name),
  );
}

describe('docs/architecture.md', () => {
  for (const area of ['identity', 'scim']) {
    it(`lists the folders of src/${area} in the order in which they may import each other`, () => {
      const folders = readdirSync(`src/${area}`, { withFileTypes: true }).filter((one) => one.isDirectory());
      expect(foldersOf(area)).to.have.members(folders.map(({ name }) => name));
      expect(foldersOf(area)).to.deep.equal(floorsOf(area));
    });
  }

  it('names functions that are in the files it names', () => {
    const [, section = ''] = /## Three requests\n([\s\S]*?)\n## /.exec(text) ?? [];
    const named = [
      ...section.replace(/\s+/g, ' ').matchAll(/`(\w+)` ?\(`([^`]+\.tsx?)`|\(`(\w+)`, `([^`]+)`\)/g),
    ];
    expect(named.length).to.be.at.least(25);
    for (const [, one, oneFile, other, otherFile] of named) {
      const [name, file] = [one ?? other ?? '', `src/${oneFile ?? otherFile ?? ''}`];
      expect(existsSync(file), file).to.equal(true);
      const declared = new RegExp(`(function\\*?|const) ${name}\\b`);
      expect(readFileSync(file, 'utf8'), `${name} in ${file}`).to.match(declared);
    }
  });

  it('names files and folders that exist', () => {
    const paths = [...text.matchAll(/`(src\/[^`]*)`/g)].map(([, path = '']) => path);
    expect(paths.filter((path) => !existsSync(path))).to.deep.equal([]);
  });
});
