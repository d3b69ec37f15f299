// Runs test/conformance and writes its outcome between the markers of docs/conformance.md: what is checked, and that it holds.
// With --check it only says whether the page is current (by the titles; a failing test fails in any case).
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..');
const page = join(folder, 'docs', 'conformance.md');
const run = spawnSync('npx', ['mocha', '--reporter', 'json', 'test/conformance/*.test.ts'], {
  cwd: folder,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
const { stats, tests } = JSON.parse(run.stdout.slice(run.stdout.indexOf('{\n  "stats"')));

/** The same fact against `auto` and against the provider's own dialect is one line. */
const suites = new Map();
for (const { fullTitle, title, file, err } of tests) {
  const suite = fullTitle.slice(0, -title.length - 1).replace(/ against a directory with dialect \S+$/, '');
  const facts = suites.get(suite) ?? { file: basename(file), titles: new Map() };
  facts.titles.set(title, (facts.titles.get(title) ?? true) && Object.keys(err).length === 0);
  suites.set(suite, facts);
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const lines = [...suites]
  .sort(([, left], [, right]) => left.file.localeCompare(right.file))
  .flatMap(([suite, { file, titles }]) => [
    `### ${cell(suite)}`,
    '',
    `\`test/conformance/${file}\``,
    '',
    ...[...titles].map(([title, holds]) => `- ${holds ? '' : '**fails**: '}${cell(title)}`),
    '',
  ]);
const [begin, end] = ['<!-- results: written by scripts/docs-conformance.mjs -->', '<!-- end of results -->'];
const text = readFileSync(page, 'utf8');
const [before, rest] = text.split(begin);
const after = rest?.split(end)[1];
if (after === undefined) throw new Error(`${page} has lost its markers`);
const next = `${before}${begin}\n\n${lines.join('\n')}\n${end}${after}`;

console.log(`${stats.tests} checks, ${stats.failures} failing`);
if (process.argv.includes('--check')) {
  if (next !== text) console.error('docs/conformance.md is not current: node scripts/docs-conformance.mjs');
  process.exitCode = next === text && stats.failures === 0 ? 0 : 1;
} else {
  writeFileSync(page, next);
  process.exitCode = stats.failures === 0 ? 0 : 1;
}
