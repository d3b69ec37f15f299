import type { LearnedDialect } from '../../../shared/dialects.js';
import { certainty, userAgentSign, type Sign } from './signs.js';

/**
 * Finds out, from the signs of a directory's latest requests, which identity provider sends them.
 *
 * Certain is what adds up to {@link certainty} and is twice as much as speaks for any other. Once known, a provider stays until its last
 * sign is out of sight: two clients behind one token do not make the answer change with each request.
 *
 * @param known - what was found out before; null for nothing.
 */
export function learnDialect(
  signs: readonly Sign[],
  known: LearnedDialect | null = null,
): LearnedDialect | 'auto' {
  const isAtWork = signs.some(({ provider, name }) => provider === known && name !== userAgentSign);
  if (known !== null && isAtWork) return known;
  const [first, second] = [...scoresOf(signs)].sort((left, right) => right[1] - left[1]);
  const isClear = first !== undefined && first[1] >= certainty && first[1] >= 2 * (second?.[1] ?? 0);
  return isClear ? first[0] : (known ?? 'auto');
}

function scoresOf(signs: readonly Sign[]): Map<LearnedDialect, number> {
  const scores = new Map<LearnedDialect, number>();
  const once = new Map(signs.map((sign) => [`${sign.provider} ${sign.name}`, sign]));
  for (const { provider, weight } of once.values())
    scores.set(provider, (scores.get(provider) ?? 0) + weight);
  return scores;
}
