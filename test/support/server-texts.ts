import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Where the texts of answers stand. Texts of mails, of files at the start and of sign-in pages have their own catalogues. */
const folders = ['src/identity', 'src/admin', 'src/http', 'src/scim'];
const files = [
  'src/auth/saml/saml-refused.ts',
  'src/auth/sso/lacking-claims.ts',
  'src/auth/sso/provider-claims.ts',
  'src/auth/sso/provider-fault.ts',
  'src/infrastructure/foreign-hash.ts',
  'src/infrastructure/guarded-fetch.ts',
  'src/infrastructure/outbound-address.ts',
];
const ownCatalogues =
  /identity\/bootstrap\/|jobs\/mail-|events\/catalogue|admin\/reference\/|protocol\/schemas\/|custom-schema|plans\/plan\.ts|use-note|csv\.ts|openapi/;

/** Functions and properties whose texts an administrator reads. */
const calls = new Set(
  'AppError badRequest ScimError CellFault refused invalid fault faulty wrong badFile PullFault UnusableMetadata UnusableProvider ImplausibleClaims StaleSignIn requirement judge refine min regex'.split(
    ' ',
  ),
);
/** Files that hold nothing else. */
const whole = /log\/fix-hints|sso\/trace|ipsie-|pull-fault|operator\/keys/;
const properties = new Set(
  'detail message error reason hint remedy because heldBack okta entra google keycloak onelogin ping jumpcloud other denied stale'.split(
    ' ',
  ),
);
/** What is called with texts that nobody reads in the console. */
const silent = /^(describe|meta|info|warn|error|debug|fatal|Error|log|noteFailure)$/;
const tables = new Set([
  'byCode',
  'byScimType',
  'byStatus',
  'texts',
  'hints',
  'byError',
  'wrongTexts',
  'steps',
]);
const prose =
  /^(must|may|is|there|at most|names?|holds?|cannot|no|not|the|an?|give|has|goes|people|users|this|it|its|another|\\{\\{1\\}\\} (is|cannot|has|belongs|resolves)|"[\\w{}]+" must) /;

function textOf(node: ts.StringLiteralLike | ts.TemplateExpression): string {
  if (!ts.isTemplateExpression(node)) return node.text;
  const rest = node.templateSpans.map(({ literal }, index) => `{{${index + 1}}}${literal.text}`);
  return node.head.text + rest.join('');
}

const nameOf = (node: ts.Expression): string =>
  ts.isPropertyAccessExpression(node) ? node.name.text : node.getText();

const isShown = (text: string): boolean =>
  text.includes(' ') && (text.replace(/{{\d}}/g, '').match(/[a-z]{2,}/g) ?? []).length > 1;

/** Whether the texts inside a node are answers, say nothing, or are as those around it. */
function kindOf(node: ts.Node): 'read' | 'silent' | 'same' {
  if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return 'silent';
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
    const name = nameOf(node.expression);
    if (silent.test(name)) return 'silent';
    return calls.has(name) ? 'read' : 'same';
  }
  if (!ts.isPropertyAssignment(node) && !ts.isVariableDeclaration(node)) return 'same';
  const name = node.name.getText();
  return properties.has(name) || tables.has(name) ? 'read' : 'same';
}

/** The texts of one file, with `{{1}}` where a value is put in. */
function textsOf(file: string): string[] {
  const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true, kind);
  const found: string[] = [];
  const visit = (node: ts.Node, isRead: boolean): void => {
    const inside = kindOf(node);
    if (inside === 'silent') return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      const text = textOf(node);
      const isProse = prose.test(text) && !ts.isPropertyAssignment(node.parent);
      if ((isRead || isProse) && isShown(text)) found.push(text);
    }
    ts.forEachChild(node, (child) => visit(child, isRead || inside === 'read'));
  };
  visit(source, whole.test(file));
  return found;
}

/** Every text of the server's answers to an administrator, with the file it stands in. */
export function serverTexts(): Map<string, string> {
  const all = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  const read = [...all, ...files].filter((name) => /\.tsx?$/.test(name) && !ownCatalogues.test(name));
  return new Map(read.flatMap((file) => textsOf(file).map((text) => [text, file] as const)));
}

const inJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** The texts of the configuration that the console shows: permissions, what built-in roles are for, presets. */
export function configuredTexts(): string[] {
  const found: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'string' && /permissions\/[^/]+$|description$/i.test(path)) found.push(value);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, each] of Object.entries(value)) visit(each, `${path}/${name}`);
  };
  const { roles, services, ...rest } = inJson('config/permissions.json') as Record<string, object>;
  for (const part of [rest, services, roles]) visit(part, '');
  const presets = readdirSync('config/presets').map(
    (name) => (inJson(`config/presets/${name}`) as { label: string }).label,
  );
  return [...found, ...presets].filter((text) => /[A-Z]/.test(text));
}
