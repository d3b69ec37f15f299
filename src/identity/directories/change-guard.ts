import type { ChangeGuard } from '../../persistence/collections/directories.js';
import { AppError } from '../../shared/errors.js';

/** Bounds of a change guard, and what a new one has. */
export const guardLimits = {
  percent: { min: 1, max: 100 },
  people: { min: 1, max: 1000 },
  windowMinutes: { min: 5, max: 10_080, default: 1440 },
  releaseAfterHours: { min: 1, max: 720 },
} as const;

/**
 * The guard that an input asks for, if it speaks of one.
 *
 * @throws AppError `input.invalid` for one that would hold nothing.
 */
export function guardOf({ changeGuard }: { changeGuard?: ChangeGuard | null | undefined }): {
  changeGuard?: ChangeGuard | null;
} {
  if (changeGuard === undefined) return {};
  const holds = ({ lastHolders, people, percent }: ChangeGuard): boolean =>
    lastHolders || people !== null || percent !== null;
  if (changeGuard && !holds(changeGuard)) {
    const detail = 'give a share, a number of people, or keep the last holders of roles';
    throw new AppError('input.invalid', detail, { errors: [{ pointer: '/changeGuard', detail }] });
  }
  return { changeGuard };
}
