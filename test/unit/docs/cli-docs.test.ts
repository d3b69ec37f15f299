import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { exitCodes } from '../../../src/cli/command.js';
import { commands } from '../../../src/cli/commands.js';
import { packageFolder } from '../../../src/infrastructure/package-info.js';

const text = readFileSync(join(packageFolder, 'docs/cli.md'), 'utf8');

/** Their options stand in docs/demo.md. */
const elsewhere = ['demo', 'sim', 'sim run'];

describe('docs/cli.md', () => {
  for (const { name, options } of commands) {
    it(`tells of ${name}, with its options`, () => {
      const row = text
        .split('\n')
        .find((line) => line.startsWith('| `') && new RegExp(`\`${name}[\` ]`).test(line.split('|')[1]!));
      expect(row).not.to.equal(undefined);
      if (elsewhere.includes(name)) return;
      for (const option of Object.keys(options)) expect(row, option).to.include(`--${option}`);
    });
  }

  it('tells what every exit code means', () => {
    const told = [...text.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(told).to.deep.equal(Object.values(exitCodes));
  });
});
