import type { PasswordHashInput } from './hashes.js';

/** A person as the file of another system describes them. */
export interface ImportedPerson {
  email?: string | undefined;
  userName?: string | undefined;
  givenName?: string | undefined;
  familyName?: string | undefined;
  displayName?: string | undefined;
  phone?: string | undefined;
  externalId?: string | undefined;
  enabled?: boolean | undefined;
  emailVerified?: boolean | undefined;
  accessExpiresAt?: string | undefined;
  /** Names of roles as the file has them. */
  roles?: readonly string[] | undefined;
  groups?: readonly string[] | undefined;
  /** Values of the tenant's own attributes. */
  attributes?: Readonly<Record<string, unknown>> | undefined;
  password?: PasswordHashInput | undefined;
}

/** One entry of the file. */
export interface ReadRow {
  /** The line of a CSV file; the place in the list of another, from 1. */
  line: number;
  person?: ImportedPerson;
  /** Why the row is not taken. */
  fault?: string;
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const flagOf = (value: unknown): boolean | undefined =>
  typeof value === 'boolean' ? value : undefined;

export const numberOf = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
};

/** As many as a user is given in one request. */
const maxNames = 200;
const maxRoleCharacters = 200;

/** What is too much in the roles and groups of one row. */
export function namesFault(roles: readonly string[], groups: readonly string[] = []): string | undefined {
  if (roles.length > maxNames) return `at most ${maxNames} roles in a row`;
  if (groups.length > maxNames) return `at most ${maxNames} groups in a row`;
  if (roles.some((role) => role.length > maxRoleCharacters))
    return `the name of a role has at most ${maxRoleCharacters} characters`;
  return undefined;
}
