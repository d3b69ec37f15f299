/** Levels of OpenID IPSIE (github.com/openid/ipsie, `ipsie-levels.md`): SL of a session's life, AL of an account's. Each includes the one before. */
export const sessionLevels = ['SL1', 'SL2', 'SL3'] as const;
export const accountLevels = ['AL1', 'AL2', 'AL3'] as const;
export type IpsieLevel = (typeof sessionLevels)[number] | (typeof accountLevels)[number];

export interface IpsieRequirement {
  level: IpsieLevel;
  /** What must hold, as a sentence. */
  requirement: string;
  met: boolean;
  /** What to change; null when it is met. */
  remedy: string | null;
}

/** How far one connection or directory goes. */
export interface IpsieResult {
  /** The highest level whose requirements, and those of the levels below, are all met; null: none. */
  level: IpsieLevel | null;
  /** The first one that is not met; null: all are. */
  unmet: IpsieRequirement | null;
  requirements: IpsieRequirement[];
  /** What the identity provider has to do: a configuration here cannot show it. */
  notes: string[];
}

/** One requirement. */
export function requirement(
  level: IpsieLevel,
  sentence: string,
  met: boolean,
  remedy: string,
): IpsieRequirement {
  return { level, requirement: sentence, met, remedy: met ? null : remedy };
}

/** @param requirements - of all levels, the lowest first. */
export function judge(requirements: readonly IpsieRequirement[], notes: readonly string[]): IpsieResult {
  const unmet = requirements.find(({ met }) => !met) ?? null;
  const levels = [...new Set(requirements.map(({ level }) => level))];
  const reached = unmet === null ? levels.length : levels.indexOf(unmet.level);
  return {
    level: levels[reached - 1] ?? null,
    unmet,
    requirements: [...requirements],
    notes: [...notes],
  };
}

export const isHttps = (address: string): boolean => address.toLowerCase().startsWith('https://');
