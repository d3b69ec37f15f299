import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'chai';

const folder = new URL('../../../src/persistence/embedded/', import.meta.url);
const maxLines = 1250;

/** Neither blank nor a comment alone. */
const isCode = (line: string): boolean => !/^\s*($|\/\/|\/?\*)/.test(line);

describe('the embedded store', () => {
  it(`is an adapter and no database: at most ${maxLines} lines of code`, async () => {
    const files = (await readdir(folder)).map((name) => readFile(new URL(name, folder), 'utf8'));
    const lines = (await Promise.all(files)).flatMap((text) => text.split('\n')).filter(isCode);
    expect(lines.length).to.be.within(500, maxLines);
  });
});
