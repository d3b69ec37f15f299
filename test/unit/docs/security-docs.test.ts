import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageFolder } from '../../../src/infrastructure/package-info.js';

const read = (file: string): string => readFileSync(join(packageFolder, file), 'utf8');

/** Whether a test file has the title, or the case that a table puts into titles, as its own text. */
const hasTitle = (source: string, title: string): boolean =>
  ["'", '`', '"'].some((quote) => source.includes(quote + title + quote)) ||
  source.includes(`    ${title}: `);

/** The tests that a document names, by their files. */
function namedTests(document: string): Map<string, string[]> {
  const named = new Map<string, string[]>();
  const pattern = /`(test\/[\w/.-]+\.test\.ts)`: (.+?)(?=<br>| \|\n)/g;
  for (const [, file = '', title = ''] of read(document).matchAll(pattern))
    named.set(file, [...(named.get(file) ?? []), title.replaceAll('\\|', '|')]);
  return named;
}

describe('documents that name tests', () => {
  for (const document of ['docs/security.md', 'docs/conformance.md']) {
    it(`name those that are there: ${document}`, () => {
      const missing = [...namedTests(document)].flatMap(([file, titles]) => {
        const source = read(file);
        return titles.filter((title) => !hasTitle(source, title)).map((title) => `${file}: ${title}`);
      });
      expect(missing).to.deep.equal([]);
    });
  }

  it('name one for each row of docs/security.md', () => {
    const rows = read('docs/security.md')
      .split('\n## A hostile OpenID provider')[1]!
      .split('\n## Before production')[0]!
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.endsWith('| tests |'));
    expect(rows.length).to.be.above(70);
    expect(rows.filter((row) => !row.includes('`test/'))).to.deep.equal([]);
  });
});
