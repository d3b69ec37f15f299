/** What a file can be imported as. */
export type ImportKind = 'people' | 'invitations' | 'members';

/** Fields of each kind of file, with what their headings are usually called. */
const usual: Readonly<Record<ImportKind, Readonly<Record<string, readonly string[]>>>> = {
  people: {
    email: ['e-mail', 'email address', 'mail'],
    userName: ['login'],
    givenName: ['first name', 'forename'],
    familyName: ['last name', 'surname'],
    displayName: ['name', 'full name'],
    phone: ['phone number', 'mobile'],
    externalId: ['id'],
    enabled: ['active'],
    accessExpiresAt: ['access until', 'expires'],
    roles: ['role'],
    groups: ['group'],
    passwordHash: ['hash'],
  },
  invitations: {
    email: ['e-mail', 'email address', 'mail'],
    givenName: ['first name'],
    familyName: ['last name', 'surname'],
    roles: ['role'],
    loginType: ['login', 'login type'],
    accessExpiresAt: ['access until', 'expires'],
    message: [],
  },
  members: { email: ['e-mail', 'email address', 'mail'], userName: ['login'], id: ['user id'] },
};

const plain = (heading: string): string => heading.toLowerCase().replaceAll(/[^\p{L}\p{N}.]/gu, '');

/** A file that shows which columns there may be. */
export const templateOf = (kind: ImportKind): string => `${Object.keys(usual[kind]).join(',')}\r\n`;

/** The separator that the heading line has most of. */
function separatorOf(line: string): string {
  const counts = [',', ';', '\t', '|'].map((one) => ({ one, count: line.split(one).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).one;
}

/** The headings of a CSV file (RFC 4180): its first line, without the marks around and inside. */
export function headingsOf(content: string): string[] {
  const line = content.replace(/^\uFEFF/, '').split(/\r?\n|\r/, 1)[0] ?? '';
  const cells = line.match(
    new RegExp(`("(?:[^"]|"")*"|[^${separatorOf(line)}]*)(?:\\${separatorOf(line)}|$)`, 'g'),
  );
  const separator = separatorOf(line);
  return (cells ?? [])
    .map((cell) => (cell.endsWith(separator) ? cell.slice(0, -1) : cell).trim())
    .map((cell) => cell.replace(/^"|"$/g, '').replaceAll('""', '"').trim())
    .filter((cell) => cell !== '');
}

/**
 * Which column holds each field, as far as the headings say so; empty: none.
 *
 * @param attributes - names of the tenant's own attributes, for files of people.
 */
export function guessColumns(
  kind: ImportKind,
  headings: readonly string[],
  attributes: readonly string[],
): Record<string, string> {
  const fields: [string, readonly string[]][] = [
    ...Object.entries(usual[kind]),
    ...(kind === 'people'
      ? attributes.map((name): [string, string[]] => [`attributes.${name}`, [name]])
      : []),
  ];
  return Object.fromEntries(
    fields.map(([field, names]) => {
      const known = new Set([field, ...names].map(plain));
      return [field, headings.find((heading) => known.has(plain(heading))) ?? ''];
    }),
  );
}
