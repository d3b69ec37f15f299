import { AppError, type InputFault } from '../../shared/errors.js';
import { hasHiddenCharacter } from '../../shared/hidden-characters.js';

interface Named {
  userName: string;
  attributes: Readonly<Record<string, unknown>>;
}

const detail = 'must not hold invisible or control characters';

function addressFaults(emails: unknown, known: ReadonlySet<unknown>): InputFault[] {
  if (!Array.isArray(emails)) return [];
  return emails.flatMap((entry: { value?: unknown } | null, index) => {
    const value = entry?.value;
    const isFault = typeof value === 'string' && hasHiddenCharacter(value) && !known.has(value);
    return isFault ? [{ pointer: `/emails/${index}/value`, detail }] : [];
  });
}

const valuesOf = (emails: unknown): unknown[] =>
  Array.isArray(emails) ? emails.map((entry: { value?: unknown } | null) => entry?.value) : [];

/**
 * A userName and an address are how people and programs tell users apart: nothing in them may be invisible.
 *
 * @param before - the user as it stands, which is not judged again.
 * @throws AppError `input.invalid` naming each one.
 */
export function requireVisibleNames({ userName, attributes }: Named, before?: Named): void {
  const known = new Set(valuesOf(before?.attributes['emails']));
  const errors = [
    ...(userName !== before?.userName && hasHiddenCharacter(userName)
      ? [{ pointer: '/userName', detail }]
      : []),
    ...addressFaults(attributes['emails'], known),
  ];
  if (errors.length === 0) return;
  throw new AppError('input.invalid', 'a userName or address holds invisible characters', { errors });
}
