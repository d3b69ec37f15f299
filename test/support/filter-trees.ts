import fc from 'fast-check';
import { enterpriseUserUrn } from '../../src/scim/protocol/urns.js';

/** Filters as trees with a naive evaluator, and users to try them on: what property tests hold the library and the stores against. */

type Value = string | boolean | null;

/** A filter as the test builds it: an attribute with its values as a function, so that no code of the library is used to read them. */
export type Tree =
  | {
      kind: 'compare';
      name: string;
      op: string;
      value: Value;
      exact: boolean;
      read: (user: User) => (Value | undefined)[];
    }
  | { kind: 'pr'; name: string; read: (user: User) => (Value | undefined)[] }
  | { kind: 'element'; inner: Tree }
  | { kind: 'and' | 'or'; parts: Tree[] }
  | { kind: 'not'; part: Tree };

interface Email {
  type?: string;
  value?: string;
  primary?: boolean;
}

export interface User {
  userName: string;
  externalId?: string;
  title?: string;
  active?: boolean;
  name?: { familyName?: string };
  emails?: Email[];
  [enterpriseUserUrn]?: { department?: string };
}

const text = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'A',
    'ab',
    'B',
    'a"b\\',
    ' and ',
    ']',
    'é',
    'É',
    'ﬁ',
    'FI',
    'K',
    'k',
    'a.b*c',
    '%',
  ),
  fc.string({ maxLength: 4 }),
);
export const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

export const user = fc.record(
  {
    userName: text,
    externalId: text,
    title: text,
    active: fc.boolean(),
    name: fc.record({ familyName: text }, { requiredKeys: [] }),
    emails: fc.array(fc.record({ type: text, value: text, primary: fc.boolean() }, { requiredKeys: [] }), {
      maxLength: 3,
    }),
    [enterpriseUserUrn]: fc.record({ department: text }),
  },
  { requiredKeys: ['userName'] },
) as fc.Arbitrary<User>;

const singles = [
  { name: 'userName', exact: false, read: (u: User) => [u.userName] },
  { name: 'externalId', exact: true, read: (u: User) => [u.externalId] },
  { name: 'TITLE', exact: false, read: (u: User) => [u.title] },
  { name: 'name.familyName', exact: false, read: (u: User) => [u.name?.familyName] },
  {
    name: `${enterpriseUserUrn}:department`,
    exact: false,
    read: (u: User) => [u[enterpriseUserUrn]?.department],
  },
  { name: 'emails.value', exact: false, read: (u: User) => u.emails?.map(({ value }) => value) ?? [] },
  { name: 'emails', exact: false, read: (u: User) => u.emails?.map(({ value }) => value) ?? [] },
  { name: 'emails.type', exact: false, read: (u: User) => u.emails?.map(({ type }) => type) ?? [] },
];

const operators = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'EQ', 'Sw'];

export const comparison = fc
  .tuple(fc.constantFrom(...singles), fc.constantFrom(...operators), text)
  .map(([attribute, op, value]): Tree => ({ kind: 'compare', op, value, ...attribute }));
const flag = fc.tuple(fc.constantFrom('eq', 'ne'), fc.boolean()).map(([op, value]): Tree => ({
  kind: 'compare',
  op,
  value,
  name: 'active',
  exact: true,
  read: (u) => [u.active],
}));
const presence = fc
  .constantFrom(...singles.filter(({ name }) => name !== 'emails'))
  .map(({ name, read }): Tree => ({ kind: 'pr', name, read }));

/** Inside brackets the tree reads an element; the test passes it a user whose only address that element is. */
const elementParts = [
  { name: 'type', exact: false, read: (u: User) => [u.emails?.[0]?.type] },
  { name: 'value', exact: false, read: (u: User) => [u.emails?.[0]?.value] },
];
const elementLeaf = fc.oneof(
  fc
    .tuple(fc.constantFrom(...elementParts), fc.constantFrom(...operators), text)
    .map(([attribute, op, value]): Tree => ({ kind: 'compare', op, value, ...attribute })),
  fc.boolean().map((value): Tree => ({
    kind: 'compare',
    op: 'eq',
    value,
    name: 'primary',
    exact: true,
    read: (u) => [u.emails?.[0]?.primary],
  })),
);

function combine(leaf: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  return fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      fc
        .tuple(
          fc.constantFrom('and' as const, 'or' as const),
          fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
        )
        .map(([kind, parts]): Tree => ({ kind, parts })),
      tie('tree').map((part): Tree => ({ kind: 'not', part })),
    ),
  })).tree;
}

const element = combine(elementLeaf).map((inner): Tree => ({ kind: 'element', inner }));
export const tree = combine(fc.oneof(comparison, flag, presence, element));

/** Parentheses only where the precedence of RFC 7644 asks for them: not, then and, then or. */
export function render(node: Tree, within: 'or' | 'and' | 'top' = 'top'): string {
  if (node.kind === 'compare') return `${node.name} ${node.op} ${JSON.stringify(node.value)}`;
  if (node.kind === 'pr') return `${node.name} pr`;
  if (node.kind === 'element') return `emails[${render(node.inner)}]`;
  if (node.kind === 'not') return `not (${render(node.part)})`;
  const joined = node.parts.map((part) => render(part, node.kind)).join(` ${node.kind} `);
  return node.kind === 'or' && within === 'and' ? `(${joined})` : joined;
}

export function evaluate(node: Tree, subject: User): boolean {
  if ('parts' in node) {
    const outcomes = node.parts.map((part) => evaluate(part, subject));
    return node.kind === 'and' ? !outcomes.includes(false) : outcomes.includes(true);
  }
  if (node.kind === 'not') return !evaluate(node.part, subject);
  if (node.kind === 'element') {
    return (subject.emails ?? []).some((email) => evaluate(node.inner, { userName: '', emails: [email] }));
  }
  const values = node.read(subject);
  if (node.kind === 'pr') return values.some((value) => value !== undefined && value !== '');
  const { op, value, exact } = node;
  return (values.length === 0 ? [undefined] : values).some((stored) =>
    compare(op.toLowerCase(), stored, value, exact),
  );
}

function compare(op: string, stored: Value | undefined, wanted: Value, exact: boolean): boolean {
  if (stored === undefined) return op === 'ne';
  if (typeof stored !== 'string' || typeof wanted !== 'string') return (stored === wanted) === (op === 'eq');
  const plain = (text: string): string => (exact ? text : text.normalize('NFKC').toLowerCase());
  const [left, right] = [plain(stored), plain(wanted)];
  return verdicts[op]?.(left, right) ?? false;
}

const verdicts: Record<string, (left: string, right: string) => boolean> = {
  eq: (left, right) => left === right,
  ne: (left, right) => left !== right,
  co: (left, right) => right === '' || left.split(right).length > 1,
  sw: (left, right) => left.startsWith(right),
  ew: (left, right) => left.endsWith(right),
  gt: (left, right) => left > right,
  ge: (left, right) => left >= right,
  lt: (left, right) => left < right,
  le: (left, right) => left <= right,
};
