// Writes docs/requirements.md: each requirement with the tests whose titles name it; with --check it only compares (exit 1 when they differ, or
// one has no test).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { packageFolder } from '../src/infrastructure/package-info.js';

const target = join(packageFolder, 'docs/requirements.md');
const titles = JSON.parse(
  readFileSync(join(packageFolder, 'scripts/requirement-titles.json'), 'utf8'),
) as Record<string, string>;
const manuals = {
  M0: 'contact-center',
  M1: 'service-portal',
  M2: 'marketing',
  M3: 'records',
  M4: 'growth',
} as const;

interface Named {
  file: string;
  title: string;
}

/** `M0-21 to M0-26` names all of them. */
function idsIn(text: string): string[] {
  return [...text.matchAll(/\b(M[0-4])-(\d+)(?: to \1-(\d+))?/g)].flatMap(([, manual, first, last]) => {
    const from = Number(first);
    return Array.from({ length: Number(last ?? first) - from + 1 }, (_, at) => `${manual}-${from + at}`);
  });
}

const isText = (node: ts.Node): node is ts.Expression =>
  ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node);

const textOf = (node: ts.Expression): string =>
  ts.isTemplateExpression(node) ? node.getText().slice(1, -1) : (node as ts.StringLiteral).text;

/** The texts of a test file that name requirements: titles, and what tables put into titles, with the title of the whole in front. */
function titlesOf(file: string): string[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(packageFolder, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const found: string[] = [];
  let whole = '';
  const visit = (node: ts.Node): void => {
    if (isText(node)) {
      const text = textOf(node);
      if (whole === '') {
        const call = node.parent;
        if (ts.isCallExpression(call) && call.expression.getText().startsWith('describe')) whole = text;
      }
      if (idsIn(text).length > 0) found.push(text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const isBare = (text: string): boolean => /^[\sM\d,;-]*(row \w+)?$/.test(text);
  return found.map((text) => (isBare(text) ? `${whole} (${text})` : text));
}

function testsOf(): Map<string, Named[]> {
  const files = readdirSync(join(packageFolder, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .sort();
  const tests = new Map<string, Named[]>();
  for (const file of files)
    for (const title of titlesOf(file))
      for (const id of new Set(idsIn(title))) tests.set(id, [...(tests.get(id) ?? []), { file, title }]);
  return tests;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** @returns the page, and the ids that no test names. */
export function requirementsPage(): { page: string; missing: string[] } {
  const tests = testsOf();
  const rowOf = (id: string): string => {
    const named = (tests.get(id) ?? []).map(({ file, title }) => `\`${file}\`: ${cell(title)}`);
    return `| ${id} | ${titles[id]} | ${named.join('<br>')} |`;
  };
  const ids = Object.keys(titles);
  const parts = Object.entries(manuals).map(([manual, preset]) => {
    const rows = ids.filter((id) => id.startsWith(`${manual}-`)).map(rowOf);
    return `## ${manual}: preset \`${preset}\`\n\n| id | requirement | tests |\n|---|---|---|\n${rows.join('\n')}\n`;
  });
  const page = `# Requirements and their tests

What each of the five ways to manage people asks for, and the tests that show it. A preset
([settings.md](settings.md)) makes a tenant work that way. Made by \`npm run docs:requirements\` from the titles of the
tests.

${parts.join('\n')}`;
  return { page, missing: ids.filter((id) => !tests.has(id)) };
}

function main(): void {
  const { page, missing } = requirementsPage();
  const isCheck = process.argv.includes('--check');
  if (!isCheck) writeFileSync(target, page);
  const isOld = isCheck && readFileSync(target, 'utf8') !== page;
  if (isOld) console.error('docs/requirements.md is not what the tests say: npm run docs:requirements');
  if (missing.length > 0) console.error(`no test names ${missing.join(', ')}`);
  if (isOld || missing.length > 0) process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
