import { isJsonObject, readMember } from '../json-value.js';
import type { LearnedDialect } from '../../../shared/dialects.js';

/** One request as it came, and what the rewrites found in it. */
export interface DialectObservation {
  readonly method: string;
  /** Below `/scim/v2`, with its query, as sent. */
  readonly path: string;
  readonly body: unknown;
  /** Empty or undefined: none was sent. */
  readonly userAgent: string | undefined;
  /** As `rewriteRequest` found them. */
  readonly deviations: readonly string[];
}

/** A habit that gives a provider away, with its weight; see {@link certainty}. */
export interface Sign {
  readonly name: string;
  readonly provider: LearnedDialect;
  readonly weight: number;
}

/** How much evidence names a provider. A sign counts once however often it is seen: a habit that others may share decides nothing alone. */
export const certainty = 4;

/** Anybody can send any User-Agent: it adds to the evidence and is never enough. */
export const userAgentSign = 'User-Agent';

interface Habit extends Sign {
  shows(request: Request): boolean;
}

/** A request taken apart once for all habits. */
interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** The `filter` in plain text; empty for none. */
  readonly filter: string;
  readonly body: unknown;
  readonly operations: readonly RawOperation[];
  readonly deviations: ReadonlySet<string>;
}

interface RawOperation {
  readonly op: unknown;
  readonly path: unknown;
  readonly value: unknown;
}

const isUserLookup = ({ method, path, filter }: Request): boolean =>
  method === 'GET' && path === '/Users' && filter !== '';

const asksFor = (query: string, names: string): boolean => {
  const asked = new URLSearchParams(query);
  return [...new Set(asked.keys())].sort().join(' ') === names;
};

const isMember = (value: unknown, test: (member: unknown) => boolean): boolean =>
  Array.isArray(value) && value.some(test);

const hasNullReference = (member: unknown): boolean => isJsonObject(member) && member['$ref'] === null;

const isMicrosoftUrn = (urn: unknown): boolean =>
  typeof urn === 'string' && urn.toLowerCase().startsWith('http://schemas.microsoft.com/');

const removesByValue = (request: Request, op: string): boolean =>
  request.deviations.has('remove-with-value') &&
  request.operations.some((operation) => operation.op === op && operation.path === 'members');

const guid = /"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"$/i;

/** A deviation as a sign. */
const deviation = (name: string, provider: LearnedDialect, weight: number): Habit => ({
  name,
  provider,
  weight,
  shows: ({ deviations }) => deviations.has(name),
});

const habits: readonly Habit[] = [
  deviation('capital-op', 'entra', 3),
  deviation('dotted-keys', 'entra', 3),
  deviation('packed-json', 'entra', 4),
  deviation('malformed-enterprise-urn', 'entra', 4),
  deviation('single-valued-filter', 'entra', 2),
  deviation('string-boolean', 'entra', 1),
  deviation('legacy-urns', 'onelogin', 4),
  deviation('manager-id', 'onelogin', 2),
  deviation('id-in-value', 'okta', 3),
  {
    name: 'flag in the address',
    provider: 'entra',
    weight: 4,
    shows: ({ query }) => /(?:^|&)aadoptscim/i.test(query),
  },
  {
    name: "Microsoft's schema",
    provider: 'entra',
    weight: 4,
    shows: ({ body }) => isJsonObject(body) && isMember(readMember(body, 'schemas'), isMicrosoftUrn),
  },
  {
    name: 'members with an empty reference',
    provider: 'entra',
    weight: 3,
    shows: ({ operations }) => operations.some(({ value }) => isMember(value, hasNullReference)),
  },
  {
    name: 'members removed by a value, capital',
    provider: 'entra',
    weight: 2,
    shows: (request) => removesByValue(request, 'Remove'),
  },
  {
    name: 'members removed by a value, small',
    provider: 'jumpcloud',
    weight: 3,
    shows: (request) => removesByValue(request, 'remove'),
  },
  {
    name: 'groups looked up without members',
    provider: 'entra',
    weight: 3,
    shows: ({ path, query, filter }) =>
      path === '/Groups' && filter !== '' && asksFor(query, 'excludedAttributes filter'),
  },
  {
    name: 'a lookup by a userName that is a GUID',
    provider: 'entra',
    weight: 2,
    shows: (request) => isUserLookup(request) && guid.test(request.filter),
  },
  {
    name: 'lookup of up to 100',
    provider: 'okta',
    weight: 2,
    shows: ({ method, query, filter }) =>
      method === 'GET' &&
      filter !== '' &&
      asksFor(query, 'count filter startIndex') &&
      /(?:^|&)count=100(?:&|$)/.test(query),
  },
  {
    name: 'test of two users',
    provider: 'okta',
    weight: 2,
    shows: ({ path, query }) => path === '/Users' && query === 'startIndex=1&count=2',
  },
  {
    name: 'creation with empty groups',
    provider: 'okta',
    weight: 3,
    shows: ({ method, path, body }) =>
      method === 'POST' &&
      path === '/Users' &&
      isJsonObject(body) &&
      Array.isArray(body['groups']) &&
      body['groups'].length === 0,
  },
  {
    name: 'status without a path',
    provider: 'okta',
    weight: 1,
    shows: ({ operations: [first, ...more] }) =>
      more.length === 0 &&
      first?.op === 'replace' &&
      first.path === undefined &&
      isJsonObject(first.value) &&
      Object.keys(first.value).join() === 'active',
  },
  {
    name: 'address with a dangling mark',
    provider: 'onelogin',
    weight: 3,
    shows: ({ path, query }) => path.endsWith('?') || query.endsWith('&'),
  },
  {
    name: 'plus signs for blanks',
    provider: 'onelogin',
    weight: 1,
    shows: ({ query }) => /(?:^|&)filter=\w+\+eq\+/.test(query),
  },
  {
    name: 'each attribute by its path',
    provider: 'jumpcloud',
    weight: 1,
    shows: ({ operations }) =>
      operations.length > 0 &&
      operations.every(({ op, path }) => op === 'replace' && typeof path === 'string'),
  },
  {
    name: 'lookup from the first, without a count',
    provider: 'google',
    weight: 4,
    shows: (request) => isUserLookup(request) && asksFor(request.query, 'filter startIndex'),
  },
  {
    name: 'username Eq',
    provider: 'ping',
    weight: 4,
    shows: ({ filter }) => filter.startsWith('username Eq "'),
  },
];

const userAgents: readonly [RegExp, LearnedDialect][] = [
  [/okta/i, 'okta'],
  [/google-auto-provisioning/i, 'google'],
  [/onelogin/i, 'onelogin'],
  [/jumpcloud/i, 'jumpcloud'],
  [/ping\s?(?:one|federate|identity)/i, 'ping'],
  [/azure|entra|microsoft/i, 'entra'],
];

/** What a request gives away about who sent it. */
export function signsOf(observation: DialectObservation): Sign[] {
  const request = takeApart(observation);
  const { userAgent = '' } = observation;
  const agent = userAgents.find(([pattern]) => pattern.test(userAgent));
  const shown: Sign[] = habits.filter((habit) => habit.shows(request));
  return agent ? [...shown, { name: userAgentSign, provider: agent[1], weight: 1 }] : shown;
}

function takeApart({ method, path: address, body, deviations }: DialectObservation): Request {
  const mark = address.indexOf('?');
  const query = mark < 0 ? '' : address.slice(mark + 1);
  // A dangling mark is a habit: it stays in sight.
  const path = mark < 0 || query === '' ? address : address.slice(0, mark);
  return {
    method,
    path,
    query,
    filter: query.includes('filter=') ? (new URLSearchParams(query).get('filter') ?? '') : '',
    body,
    operations: operationsOf(method, body),
    deviations: new Set(deviations),
  };
}

function operationsOf(method: string, body: unknown): RawOperation[] {
  const list = method === 'PATCH' && isJsonObject(body) ? readMember(body, 'Operations') : undefined;
  if (!Array.isArray(list)) return [];
  return list.filter(isJsonObject).map((operation) => ({
    op: readMember(operation, 'op'),
    path: readMember(operation, 'path'),
    value: readMember(operation, 'value'),
  }));
}
