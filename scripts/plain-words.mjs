// `npm run words`: finds words that readers with English as a second language have to decode (style rule in CONTRIBUTING.md).
// Texts that users see must have none: string literals and JSX of src, and the prose of README.md and docs/ (but for titles of tests).
// Comments of src have a limit. `npm run words -- --comments [path]` lists them.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** Words left in comments of src. Lower it with each rewrite; never raise it. */
const maxWordsInComments = 440;

const words =
  /\b(nobody|somebody|whoever|tells|told|stands|goes on|is none|as it stands|at the door|takes for|meanwhile|anew|mends?|mended|thereof)\b/gi;

/** Data of identity providers, and a heading that scripts look for. */
const exceptions = [/^nobody(@(google|onelogin)\.invalid)?$/, /^This was changed meanwhile$/];

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

const countWords = (text) => text.match(words)?.length ?? 0;

function parse(file) {
  const kind = file.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true, kind);
}

const placeOf = (source, position) =>
  `${source.fileName}:${source.getLineAndCharacterOfPosition(position).line + 1}`;

/** @returns one line per string literal or JSX text of a source file that has such a word. */
function findInTexts(source) {
  const found = [];
  const visit = (node) => {
    if (
      textKinds.has(node.kind) &&
      countWords(node.text) > 0 &&
      !exceptions.some((known) => known.test(node.text))
    )
      found.push(`${placeOf(source, node.getStart())}: ${node.text.trim()}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** @returns the comments of a source file that have such words, each with the number of them. */
function findInComments(source) {
  const comments = new Map();
  const visit = (node) => {
    const children = node.getChildren(source);
    if (children.length > 0) return children.forEach(visit);
    if (node.kind === ts.SyntaxKind.JsxText) return;
    for (const range of [
      ...(ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(source.text, node.getEnd()) ?? []),
    ])
      comments.set(range.pos, source.text.slice(range.pos, range.end));
  };
  visit(source);
  return [...comments]
    .map(([position, text]) => ({ place: placeOf(source, position), text, count: countWords(text) }))
    .filter(({ count }) => count > 0);
}

const findInProse = (file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    // Rows of tables name tests at their end.
    .map((line) => line.replace(/`test\/.*$/, ''))
    .flatMap((line, index) => (countWords(line) > 0 ? [`${file}:${index + 1}: ${line.trim()}`] : []));

const sources = tracked('src/*.ts', 'src/*.tsx').map(parse);
const comments = sources.flatMap(findInComments);
const wordsInComments = comments.reduce((sum, { count }) => sum + count, 0);
const [, path] = process.argv.includes('--comments') ? process.argv.slice(2) : [];
if (process.argv.includes('--comments'))
  for (const { place, text } of comments.filter((comment) => comment.place.startsWith(path ?? '')))
    console.log(`${place}\n${text}`);

const found = [
  ...sources.flatMap(findInTexts),
  ...tracked('README.md', 'docs/*.md', ':!docs/requirements.md').flatMap(findInProse),
];
for (const line of found) console.error(line);
if (found.length > 0) console.error(`${found.length} texts use words that CONTRIBUTING.md asks to avoid.`);
console.log(`${wordsInComments} such words in comments of src; at most ${maxWordsInComments} are allowed.`);
process.exitCode = found.length > 0 || wordsInComments > maxWordsInComments ? 1 : 0;
