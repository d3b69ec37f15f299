import { expect } from 'chai';
import type { FilterNode } from '../../../src/scim/protocol/filter/filter.js';
import { parseElementFilter, parseFilter } from '../../../src/scim/protocol/filter/parse.js';
import { maxFilterDepth, maxFilterLength } from '../../../src/scim/protocol/filter/syntax.js';
import { createSchemaRegistry } from '../../../src/scim/protocol/schema-registry.js';
import { refusal as refusalOf } from '../../support/scim-protocol.js';

const { user, group } = createSchemaRegistry();

/** A filter tree as text: `(and (eq userName "a") ...)`. */
function show(node: FilterNode): string {
  if ('filters' in node) return `(${node.op} ${node.filters.map(show).join(' ')})`;
  if (node.op === 'not') return `(not ${show(node.filter)})`;
  if (node.op === '[]') return `${node.path.name}[${show(node.filter)}]`;
  if (node.op === 'never') return 'never';
  if (node.op === 'pr') return `(pr ${node.path.name})`;
  return `(${node.op} ${node.path.name} ${JSON.stringify(node.value)})`;
}

const parse = (text: string): string => show(parseFilter(text, user));

const refusal = (text: string, schema = user): string => refusalOf(() => parseFilter(text, schema));

describe('the filter grammar (RFC 7644 section 3.4.2.2)', () => {
  const accepted: Record<string, string> = {
    'userName eq "a"': '(eq userName "a")',
    'USERNAME EQ "a"': '(eq userName "a")',
    'username Eq "a"': '(eq userName "a")',
    'title pr And userType eq "x"': '(and (pr title) (eq userType "x"))',
    'title pr and title pr or title pr': '(or (and (pr title) (pr title)) (pr title))',
    'title pr or title pr and locale pr': '(or (pr title) (and (pr title) (pr locale)))',
    'title pr and (title pr OR locale pr)': '(and (pr title) (or (pr title) (pr locale)))',
    '(title pr or title pr) and locale pr': '(and (or (pr title) (pr title)) (pr locale))',
    'not (title pr) and locale pr': '(and (not (pr title)) (pr locale))',
    'NOT(title pr) or locale pr': '(or (not (pr title)) (pr locale))',
    'locale pr and not (title pr or userType pr)': '(and (pr locale) (not (or (pr title) (pr userType))))',
    'not (not (title pr))': '(not (not (pr title)))',
    '  ( userName   eq "a" ) ': '(eq userName "a")',
    'userName+eq+"a+b"': '(eq userName "a+b")',
    'emails[ type eq "work" and value co "@x" ]': 'emails[(and (eq type "work") (co value "@x"))]',
    'emails[not (type eq "work")]': 'emails[(not (eq type "work"))]',
    'userType eq "E" and (emails co "a" or emails.value co "b")':
      '(and (eq userType "E") (or (co emails.value "a") (co emails.value "b")))',
    'meta.lastModified gt "2011-05-13T04:42:34Z"': '(gt meta.lastModified "2011-05-13T04:42:34Z")',
    'schemas eq "urn:x"': '(eq schemas "urn:x")',
    'groups[$ref eq "x"]': 'groups[(eq $ref "x")]',
    'groups.$ref pr': '(pr groups.$ref)',
    'active eq true': '(eq active true)',
    'title eq null': '(not (pr title))',
    'title ne null': '(pr title)',
    'name eq null': '(not (pr name))',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"': '(sw userName "J")',
    'URN:IETF:params:scim:schemas:core:2.0:user:NAME.familyname sw "J"': '(sw name.familyName "J")',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "1"':
      '(eq urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value "1")',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager[value eq "1"]':
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager[(eq value "1")]',
    'urn:gatehouse:params:scim:schemas:extension:2.0:User:limitedProducts[value eq "crm"]':
      'urn:gatehouse:params:scim:schemas:extension:2.0:User:limitedProducts[(eq value "crm")]',
  };
  for (const [text, tree] of Object.entries(accepted)) {
    it(`reads ${text}`, () => expect(parse(text)).to.equal(tree));
  }

  const refused = [
    '',
    '   ',
    'userName',
    'userName eq',
    'userName eq "a',
    'userName eq a',
    "userName eq 'a'",
    'userName xx "a"',
    'userName constructor title pr',
    'title pr __proto__ title pr',
    'userName eq "a" userName eq "b"',
    'userName eq "a" and',
    'and userName eq "a"',
    'not userName eq "a"',
    'not',
    '(userName eq "a"',
    'userName eq "a")',
    'emails[type eq "work"',
    'emails type eq "work"]',
    'emails[type eq "work")',
    'emails[type eq "work"].',
    'emails[type eq "work"] .value eq "x"',
    'emails[type eq "work"]."x"',
    '.value eq "x"',
    'emails[emails[type eq "work"]]',
    'emails[emails.type eq "work"]',
    'userName[value eq "x"]',
    'name.familyName[value eq "x"]',
    'userName | "a"',
    'userName eq {"a":1}',
    'userName eq "\\x"',
    'userName eq "\\ud800"',
    'userName eq "a\nb"',
    'userName pr "a"',
    'unknown eq "a"',
    'name.unknown eq "a"',
    'name.familyName.x eq "a"',
    'urn:unknown:User:userName eq "a"',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User eq "a"',
    'manager eq "1"',
    '__proto__ eq "a"',
    'constructor pr',
    'password eq "secret"',
    'password pr',
    'active eq "yes"',
    'active eq "true"',
    'active eq True',
    'active eq 1',
    'active gt true',
    'active co true',
    'userName eq 1',
    'userName eq true',
    'userName gt null',
    'name eq "a"',
    'name.familyName co null',
    'addresses eq "x"',
    'meta.created gt "yesterday"',
    'meta.created gt "2011-13-45T00:00:00Z"',
    'x509Certificates.value gt "a"',
    'urn:gatehouse:params:scim:schemas:extension:2.0:User:limitedProducts[x eq "crm"]',
  ];
  for (const text of refused) {
    it(`refuses ${JSON.stringify(text)} as invalidFilter`, () =>
      expect(refusal(text)).to.equal('400 invalidFilter'));
  }

  it('refuses text operators on numbers', () => {
    const { user: custom } = createSchemaRegistry([
      {
        alias: 'acme',
        resource: 'User',
        schema: { id: 'urn:acme:User', name: 'Acme', attributes: [{ name: 'level', type: 'integer' }] },
      },
    ]);
    expect(refusal('urn:acme:User:level co 1', custom)).to.equal('400 invalidFilter');
    expect(refusal('urn:acme:User:level eq "1"', custom)).to.equal('400 invalidFilter');
    expect(refusal('urn:acme:User:level gt -1.5e+3', custom)).to.equal('accepted');
  });

  it('treats unknown attributes as having no value where several resource types are searched', () => {
    const never = (text: string): string => show(parseFilter(text, group, { unknown: 'never' }));
    expect(never('userName eq "a" or displayName eq "b"')).to.equal('(or never (eq displayName "b"))');
    expect(never('emails[type eq "work"]')).to.equal('never');
    expect(never('title pr')).to.equal('never');
    expect(never('members[type eq "User" and x pr]')).to.equal('members[(and (eq type "User") never)]');
  });

  it('binds the filter of a value path to the element', () => {
    const emails = user.attributes.get('emails')!;
    expect(show(parseElementFilter('value eq "a" and primary eq true', emails))).to.equal(
      '(and (eq value "a") (eq primary true))',
    );
  });
});

describe('what scim2-parse-filter does wrong by itself', () => {
  it('decodes \\\\ and \\uXXXX in strings', () => {
    expect(parse(String.raw`userName eq "a\\b\u0041\"\/\n"`)).to.equal(
      `(eq userName ${JSON.stringify('a\\bA"/\n')})`,
    );
  });

  it('keeps `emails[type eq "work"].value eq "x"` on one element', () => {
    expect(parse('emails[type eq "work"].value eq "x"')).to.equal(
      'emails[(and (eq type "work") (eq value "x"))]',
    );
    expect(parse('emails[type eq "work"].value pr and title pr')).to.equal(
      '(and emails[(and (eq type "work") (pr value))] (pr title))',
    );
    expect(parse('emails[type eq "work" or type eq "home"].value eq "x"')).to.equal(
      'emails[(and (or (eq type "work") (eq type "home")) (eq value "x"))]',
    );
  });

  it('keeps the same written as two conditions on any elements', () => {
    expect(parse('emails[type eq "work"] and emails.value eq "x"')).to.equal(
      '(and emails[(eq type "work")] (eq emails.value "x"))',
    );
  });

  it('takes operators, brackets and parentheses inside strings for data', () => {
    for (const word of ['and', ' OR ', 'not (', 'eq', ') or (title pr', ']', '].value eq "', 'a0', 'null']) {
      const literal = JSON.stringify(word);
      expect(parse(`userName eq ${literal} and title co ${literal}`)).to.equal(
        `(and (eq userName ${literal}) (co title ${literal}))`,
      );
    }
  });

  it('refuses deep nesting and long filters before it recurses', () => {
    const nested = (depth: number): string => `${'('.repeat(depth)}title pr${')'.repeat(depth)}`;
    expect(refusal(nested(maxFilterDepth))).to.equal('accepted');
    expect(refusal(nested(maxFilterDepth + 1))).to.equal('400 invalidFilter');
    expect(refusal('('.repeat(100_000))).to.equal('400 invalidFilter');
    expect(refusal('not('.repeat(4_000))).to.equal('400 invalidFilter');
    expect(refusal(`title eq "${'x'.repeat(maxFilterLength)}"`)).to.equal('400 invalidFilter');
  });

  it('reads long flat filters', () => {
    const text = Array.from({ length: 700 }, (_, index) => `id eq "${index}"`).join(' or ');
    expect(refusal(text)).to.equal('accepted');
  });
});
