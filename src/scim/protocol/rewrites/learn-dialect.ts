import type { JsonObject } from '../json-value.js';
import type { Dialect } from './dialects.js';

type Provider = Exclude<Dialect, 'auto' | 'strict'>;

/** What one request gives away about its sender. */
export interface DialectObservation {
  readonly userAgent: string | undefined;
  readonly query: JsonObject;
  /** As `rewriteRequest` found them. */
  readonly deviations: readonly string[];
}

const userAgents: readonly [RegExp, Provider][] = [
  [/okta/i, 'okta'],
  [/google-auto-provisioning/i, 'google'],
  [/onelogin/i, 'onelogin'],
  [/jumpcloud/i, 'jumpcloud'],
  [/ping\s?(?:one|federate|identity)/i, 'ping'],
  [/azure|entra|microsoft/i, 'entra'],
];

/** How much each deviation speaks for a provider; enough is {@link certainty}. */
const deviationWeights: Readonly<Record<string, readonly [Provider, number][]>> = {
  'capital-op': [['entra', 2]],
  'dotted-keys': [['entra', 3]],
  'packed-json': [['entra', 4]],
  'malformed-enterprise-urn': [['entra', 4]],
  'string-boolean': [['entra', 1]],
  'single-valued-filter': [['entra', 2]],
  'remove-with-value': [
    ['entra', 1],
    ['jumpcloud', 1],
  ],
  'legacy-urns': [['onelogin', 4]],
  'id-in-value': [['okta', 3]],
};

const certainty = 4;

/**
 * Tells from what a directory's client has sent which identity provider it is. Certain is a telling User-Agent, a URL with Entra's flag, or
 * deviations that add up; anything less, or two providers alike, stays `auto`.
 */
export function learnDialect(observations: readonly DialectObservation[]): Provider | 'auto' {
  const scores = new Map<Provider, number>();
  for (const observation of observations) {
    for (const [provider, weight] of signsOf(observation)) {
      scores.set(provider, (scores.get(provider) ?? 0) + weight);
    }
  }
  const [first, second] = [...scores].sort((left, right) => right[1] - left[1]);
  if (first === undefined || first[1] < certainty || first[1] === second?.[1]) return 'auto';
  return first[0];
}

function signsOf({ userAgent, query, deviations }: DialectObservation): (readonly [Provider, number])[] {
  const agents = userAgents
    .filter(([pattern]) => userAgent !== undefined && pattern.test(userAgent))
    .map(([, provider]) => [provider, certainty] as const);
  const hasFlag = Object.keys(query).some((name) => /^aadoptscim/i.test(name));
  const isPing = typeof query['filter'] === 'string' && query['filter'].startsWith('username Eq "');
  return [
    ...agents,
    ...(hasFlag ? [['entra', certainty] as const] : []),
    ...(isPing ? [['ping', certainty] as const] : []),
    ...deviations.flatMap((name) => deviationWeights[name] ?? []),
  ];
}
