import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../shared/errors.js';
import { fromAuth0, fromCognito, fromFirebase, fromJson, fromKeycloak } from './formats.js';
import { objectOf } from '../../shared/unknown-value.js';
import { listOf, type ImportedPerson, type ReadRow } from './person.js';
import { readTable, type TableOptions, type TableRow } from './table.js';

export const peopleFormats = ['csv', 'json', 'auth0', 'keycloak', 'cognito', 'firebase'] as const;
export type PeopleFormat = (typeof peopleFormats)[number];

const entriesPerTurn = 1000;

/** The fields of a person's row, with what their columns are usually called. */
const personColumns: Readonly<Record<string, readonly string[]>> = {
  email: ['e-mail', 'email address', 'mail'],
  userName: ['login', 'cognito:username'],
  givenName: ['first name', 'given_name', 'forename'],
  familyName: ['last name', 'surname', 'family_name'],
  displayName: ['name', 'full name', 'display_name'],
  phone: ['phone number', 'phone_number', 'mobile'],
  externalId: ['external_id', 'id', 'sub'],
  enabled: ['active'],
  emailVerified: ['email_verified'],
  accessExpiresAt: ['access until', 'expires'],
  roles: ['role'],
  groups: ['group'],
  passwordHash: ['password_hash', 'hash'],
  passwordSalt: ['password_salt', 'salt'],
};

const flags: Readonly<Record<string, boolean>> = {
  ...{ true: true, yes: true, '1': true, on: true },
  ...{ false: false, no: false, '0': false, off: false },
};

/** Thrown by a cell that cannot be read. */
class CellFault extends Error {}

function flagIn(cells: TableRow['cells'], field: string): boolean | undefined {
  const cell = cells[field];
  if (cell === undefined) return undefined;
  const word = cell.toLowerCase();
  const value = Object.hasOwn(flags, word) ? flags[word] : undefined;
  if (value === undefined) throw new CellFault(`${field} must be true or false`);
  return value;
}

const namesIn = (cell: string | undefined, separator: RegExp): string[] | undefined =>
  cell
    ?.split(separator)
    .map((name) => name.trim())
    .filter((name) => name !== '');

function personOf(cells: TableRow['cells']): ImportedPerson {
  const own = Object.entries(cells).flatMap(([field, cell]) =>
    field.startsWith('attributes.') ? [[field.slice('attributes.'.length), cell] as const] : [],
  );
  const { passwordHash: hash, passwordSalt: salt } = cells;
  return {
    email: cells['email'],
    userName: cells['userName'],
    givenName: cells['givenName'],
    familyName: cells['familyName'],
    displayName: cells['displayName'],
    phone: cells['phone'],
    externalId: cells['externalId'],
    enabled: flagIn(cells, 'enabled'),
    emailVerified: flagIn(cells, 'emailVerified'),
    accessExpiresAt: cells['accessExpiresAt'],
    roles: namesIn(cells['roles'], /[\s,;|]+/),
    groups: namesIn(cells['groups'], /[,;|]/),
    attributes: Object.fromEntries(own),
    password: hash === undefined ? undefined : { hash, salt },
  };
}

async function* readCsv(content: string, options: TableOptions): AsyncGenerator<ReadRow> {
  for await (const { line, cells } of readTable(content, personColumns, options)) {
    try {
      yield { line, person: personOf(cells) };
    } catch (error) {
      if (!(error instanceof CellFault)) throw error;
      yield { line, fault: error.message };
    }
  }
}

const badFile = (detail: string): AppError =>
  new AppError('input.invalid', 'the file cannot be read', { errors: [{ pointer: '/content', detail }] });

/** A JSON text, or one of each line (NDJSON), as Auth0 exports. */
function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    const lines = content.split(/\r?\n/).filter((line) => line.trim() !== '');
    return lines.map((line, index): unknown => {
      try {
        return JSON.parse(line);
      } catch {
        throw badFile(`line ${index + 1} is not JSON`);
      }
    });
  }
}

const readers = {
  json: fromJson,
  auth0: fromAuth0,
  keycloak: fromKeycloak,
  cognito: fromCognito,
  firebase: fromFirebase,
} as const satisfies Record<Exclude<PeopleFormat, 'csv'>, (entry: Record<string, unknown>) => ImportedPerson>;

async function* readEntries(content: string, format: Exclude<PeopleFormat, 'csv'>): AsyncGenerator<ReadRow> {
  const parsed = parseJson(content);
  const list = Array.isArray(parsed)
    ? parsed
    : listOf(objectOf(parsed)['users'] ?? objectOf(parsed)['Users'] ?? [parsed]);
  for (const [index, entry] of list.entries()) {
    if (index % entriesPerTurn === entriesPerTurn - 1) await nextTurn();
    const isObject = typeof entry === 'object' && entry !== null && !Array.isArray(entry);
    const line = index + 1;
    yield isObject ? { line, person: readers[format](objectOf(entry)) } : { line, fault: 'is no object' };
  }
}

/**
 * Reads a file of people: CSV, a list in our own words, or an export of Auth0, Keycloak, Cognito or Firebase.
 *
 * @throws AppError `input.invalid` where the file as a whole cannot be read; a row that cannot has its `fault`.
 */
export function readPeople(
  format: PeopleFormat,
  content: string,
  options: TableOptions = {},
): AsyncGenerator<ReadRow> {
  const isTable = format === 'csv' || (format === 'cognito' && !/^\s*[[{]/.test(content));
  return isTable ? readCsv(content, options) : readEntries(content, format);
}
