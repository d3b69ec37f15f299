import type { InputFault } from '../../shared/errors.js';
import type { Settings } from '../tenants/settings.js';

type NameRule = Settings['profile.nameRule'];

/** Letters of any script with their marks, and single spaces between them; `relaxed` adds hyphen, apostrophe and dot (F-13). */
const shapes: Readonly<Record<NameRule, RegExp>> = {
  strict: /^[\p{L}\p{M}]+(?: [\p{L}\p{M}]+)*$/u,
  relaxed: /^[\p{L}\p{M}.'’-]+(?: [\p{L}\p{M}.'’-]+)*$/u,
};

/** Fewest characters of the first and the last name under the strict rule (M0-35, M0-36). */
const fewest = { givenName: 2, familyName: 1 } as const;
const labels = { givenName: 'First', familyName: 'Last' } as const;

/**
 * Judges the names people give themselves. What directories and administrators write is not held to it.
 *
 * @returns a fault for each name that does not fit, with a pointer into the form.
 */
export function nameFaults(
  rule: NameRule,
  names: { givenName?: string | null; familyName?: string | null },
): InputFault[] {
  return (['givenName', 'familyName'] as const).flatMap((field) => {
    const name = names[field];
    if (name === undefined || name === null) return [];
    const least = rule === 'strict' ? fewest[field] : 1;
    if (Array.from(name).length >= least && shapes[rule].test(name)) return [];
    const characters = `${least} character${least === 1 ? '' : 's'}`;
    const detail = `${labels[field]} name must have at least ${characters}. Numbers and special characters are not allowed.`;
    return [{ pointer: `/${field}`, detail }];
  });
}
