import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { phrases } from '../../../src/console/text/actions.js';
import { translated } from '../../../src/console/text/answers.js';
import { eventCatalogue } from '../../../src/identity/events/catalogue.js';
import { configuredTexts, serverTexts } from '../../support/server-texts.js';

const folder = 'src/console';
const german = JSON.parse(readFileSync(join(folder, 'text/de.json'), 'utf8')) as Record<string, string>;
const answers = JSON.parse(readFileSync(join(folder, 'text/server.de.json'), 'utf8')) as Record<
  string,
  string
>;
const plurals = JSON.parse(readFileSync(join(folder, 'text/en.json'), 'utf8')) as Record<string, string>;

/** Modules whose texts are translated where they are used. */
const tables = [
  'ui/Status.tsx',
  'ui/own-pages.ts',
  'text/actions.ts',
  'pages/setting-texts.ts',
  'pages/Directories.tsx',
  'pages/directory-setup.ts',
  'text/job-words.ts',
  'text/sign-in-words.ts',
  'pages/NewConnection.tsx',
  'pages/sso-providers.ts',
];
/** Properties of these tables that are shown. */
const shown = new Set([
  'title',
  'name',
  'steps',
  'statusNames',
  'sections',
  'valueNames',
  'dialectNames',
  'kinds',
  'stages',
  'reasons',
  'areas',
  'phrases',
]);
/** Names of products are the same in each language. */
const isName = (text: string): boolean =>
  /^(Okta|Google|Google Workspace|OneLogin|JumpCloud|Ping|Keycloak|authentik|SSO|SCIM)$/.test(text);

function sources(): ts.SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => {
      const kind = name.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
      return ts.createSourceFile(
        name,
        readFileSync(join(folder, name), 'utf8'),
        ts.ScriptTarget.Latest,
        true,
        kind,
      );
    });
}

function literals(node: ts.Node): string[] {
  const found: string[] = [];
  const visit = (each: ts.Node): void => {
    if (
      ts.isStringLiteral(each) &&
      each.text !== '' &&
      !(ts.isPropertyAssignment(each.parent) && each.parent.name === each)
    )
      found.push(each.text);
    ts.forEachChild(each, visit);
  };
  visit(node);
  return found;
}

/** Every English text the console passes to the translation, with where it is. */
function texts(): Map<string, string> {
  const found = new Map<string, string>();
  for (const source of sources()) {
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && node.expression.getText(source) === 't' && node.arguments[0]) {
        for (const text of literals(node.arguments[0])) found.set(text, source.fileName);
      }
      const isShown =
        (ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node)) &&
        shown.has(node.name.getText(source));
      if (isShown && node.initializer && tables.includes(source.fileName)) {
        for (const text of literals(node.initializer)) found.set(text, source.fileName);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

describe('the texts of the console', () => {
  it('are all there in German', () => {
    const missing = [...texts()].filter(
      ([text]) => !isName(text) && !(text in german) && !(`${text}_one` in german),
    );
    expect(missing).to.deep.equal([]);
  });

  it('have the German of every answer of the server that the console shows', () => {
    const missing = [...serverTexts()].filter(([text]) => !(text in answers));
    expect(missing, 'add them to src/console/text/server.de.json').to.deep.equal([]);
    expect(configuredTexts().filter((text) => !(text in answers))).to.deep.equal([]);
  });

  it('put the values of an answer of the server where its German has them', () => {
    expect(translated('at most 3 rows', answers)).to.equal('höchstens 3 Zeilen');
    expect(translated('"title" must be a string', answers)).to.equal('„title“ muss ein Text sein');
    expect(translated('something of our own', answers)).to.equal('something of our own');
  });

  it('tell each action of the audit trail as a sentence', () => {
    const actions = Object.keys(eventCatalogue).filter((name) => !name.startsWith('webhook.test'));
    expect(actions.filter((name) => !(name in phrases))).to.deep.equal([]);
  });

  it('have a singular and a plural where they count, in both languages', () => {
    const inGerman = Object.keys(german).filter((key) => /_(one|other)$/.test(key));
    expect(inGerman.sort()).to.deep.equal(Object.keys(plurals).sort());
  });

  it('keep what is filled in', () => {
    const holes = (text: string) => (text.match(/{{\w+}}/g) ?? []).sort().join();
    const both = [...Object.entries(german), ...Object.entries(answers)];
    const broken = both.filter(([key, text]) => holes(key) !== holes(text));
    expect(broken).to.deep.equal([]);
  });
});
