// Finds words that readers with English as a second language have to decode, in the texts users see: string literals and
// JSX of src, and the prose of README.md and docs/. `npm run words`; CONTRIBUTING.md has the style rule.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import ts from 'typescript';

const words =
  /\b(nobody|somebody|whoever|tells|told|stands|goes on|is none|as it stands|at the door|takes for|meanwhile|anew|mends?|mended|thereof)\b/i;

/** Data of identity providers, not our words. */
const exceptions = [/^nobody(@(google|onelogin)\.invalid)?$/];

const tracked = (...patterns) =>
  execFileSync('git', ['ls-files', ...patterns], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);

const textKinds = new Set([
  ts.SyntaxKind.StringLiteral,
  ts.SyntaxKind.NoSubstitutionTemplateLiteral,
  ts.SyntaxKind.TemplateHead,
  ts.SyntaxKind.TemplateMiddle,
  ts.SyntaxKind.TemplateTail,
  ts.SyntaxKind.JsxText,
]);

/** @returns one line per text of this source file that has such a word. */
function findInSource(file) {
  const kind = file.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true, kind);
  const found = [];
  const visit = (node) => {
    if (
      textKinds.has(node.kind) &&
      words.test(node.text) &&
      !exceptions.some((known) => known.test(node.text))
    )
      found.push(
        `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.text.trim()}`,
      );
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const findInProse = (file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => (words.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));

const found = [
  ...tracked('src/*.ts', 'src/*.tsx').flatMap(findInSource),
  ...tracked('README.md', 'docs/*.md').flatMap(findInProse),
];
for (const line of found) console.error(line);
if (found.length > 0) {
  console.error(`\n${found.length} texts use words that CONTRIBUTING.md asks to avoid.`);
  process.exit(1);
}
