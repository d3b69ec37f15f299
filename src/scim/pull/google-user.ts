import { enterpriseUserUrn, userUrn } from '../protocol/urns.js';
import type { JsonObject } from '../protocol/json-value.js';
import { textOf } from '../../shared/unknown-value.js';

type Json = Readonly<Record<string, unknown>>;

/** What a pull asks of Google of each user: nothing else leaves Google. */
export const googleUserFields =
  'id,primaryEmail,name,suspended,archived,orgUnitPath,organizations,externalIds,phones,languages';

const objects = (value: unknown): Json[] =>
  Array.isArray(value)
    ? value.filter((entry): entry is Json => typeof entry === 'object' && entry !== null)
    : [];

const preferred = (entries: readonly Json[]): Json =>
  entries.find(({ primary }) => primary === true) ?? entries[0] ?? {};

/** The members that say something. */
const present = (members: Json): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

const phoneTypes = new Set(['home', 'mobile', 'pager', 'work']);
const maxPhones = 20;

function phoneType(type: unknown): string {
  const given = textOf(type) ?? 'other';
  if (given.includes('fax')) return 'fax';
  const kind = given.replace(/^work_/, '');
  return phoneTypes.has(kind) ? kind : 'other';
}

function phonesOf(user: Json): JsonObject[] | undefined {
  const found = new Map<string, JsonObject>();
  for (const phone of objects(user['phones'])) {
    const value = textOf(phone['value']);
    const type = phoneType(phone['type']);
    if (value !== undefined) found.set(`${type} ${value}`, { value, type });
  }
  return found.size === 0 ? undefined : [...found.values()].slice(0, maxPhones);
}

/** The employee's number: Google keeps it among the external ids, by the type `organization`. */
function employeeNumberOf(user: Json): string | undefined {
  const id = objects(user['externalIds']).find(({ type }) => type === 'organization');
  return textOf(id?.['value']);
}

function languageOf(user: Json): string | undefined {
  const languages = objects(user['languages']);
  const chosen = languages.find(({ preference }) => preference === 'preferred') ?? languages[0];
  return textOf(chosen?.['languageCode']);
}

/** Whether Google lets the person in. */
export const isActiveUser = ({ suspended, archived }: Json): boolean =>
  suspended !== true && archived !== true;

/**
 * A user of Google's Directory API as the SCIM User that a push would send.
 *
 * @param isActive - as the pull found it when it began.
 */
export function scimUserOf(user: Json, isActive: boolean): JsonObject {
  const name = (typeof user['name'] === 'object' && user['name'] !== null ? user['name'] : {}) as Json;
  const work = preferred(objects(user['organizations']));
  const address = textOf(user['primaryEmail']) ?? '';
  const enterprise = present({
    employeeNumber: employeeNumberOf(user),
    costCenter: textOf(work['costCenter']),
    organization: textOf(work['name']),
    division: textOf(user['orgUnitPath']),
    department: textOf(work['department']),
  });
  return present({
    schemas: [userUrn, enterpriseUserUrn],
    externalId: textOf(user['id']),
    userName: address,
    name: present({ givenName: textOf(name['givenName']), familyName: textOf(name['familyName']) }),
    displayName: textOf(name['displayName']) ?? textOf(name['fullName']),
    title: textOf(work['title']),
    preferredLanguage: languageOf(user),
    emails: [{ value: address, type: 'work', primary: true }],
    phoneNumbers: phonesOf(user),
    active: isActive,
    [enterpriseUserUrn]: enterprise,
  });
}
