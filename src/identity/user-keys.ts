import { maxSearchKey, type UserDocument } from '../persistence/collections/users.js';
import { fold } from '../shared/fold.js';
import { loginKey, parseEmail } from './email.js';
import { objectOf } from '../shared/unknown-value.js';

export type UserKeys = Pick<
  UserDocument,
  | 'userNameKey'
  | 'email'
  | 'emailKey'
  | 'loginKeys'
  | 'emailKeys'
  | 'displayNameKey'
  | 'familyNameKey'
  | 'searchKey'
  | 'employeeNumberKey'
>;

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

interface Address {
  value: string;
  isPrimary: boolean;
}

function addressesOf(emails: unknown): Address[] {
  if (!Array.isArray(emails)) return [];
  return emails.flatMap((entry) => {
    const { value, primary } = objectOf(entry);
    const text = textOf(value);
    return text === undefined ? [] : [{ value: text, isPrimary: primary === true }];
  });
}

/** The address marked primary, else the first; undefined when there is none. */
function primaryEmail(attributes: Record<string, unknown>): string | undefined {
  const addresses = addressesOf(attributes['emails']);
  return (addresses.find(({ isPrimary }) => isPrimary) ?? addresses[0])?.value;
}

/** What people read as the user's name: the display name, else the formatted or put-together name, else the userName. */
export function displayNameOf(userName: string, attributes: Record<string, unknown>): string {
  const name = objectOf(attributes['name']);
  const parts = [textOf(name['givenName']), textOf(name['familyName'])].filter((part) => part !== undefined);
  return (
    textOf(attributes['displayName']) ??
    textOf(name['formatted']) ??
    (parts.length > 0 ? parts.join(' ') : userName)
  );
}

/** The folded texts as one, without those that stand in another one; null when that is too long. */
function searchKeyOf(texts: readonly string[]): string | null {
  const distinct = [...new Set(texts)];
  const parts = distinct.filter((text) => !distinct.some((other) => other !== text && other.includes(text)));
  const key = parts.join('\n');
  return key.length > maxSearchKey ? null : key;
}

function phonesOf({ phoneNumbers }: Record<string, unknown>): string[] {
  if (!Array.isArray(phoneNumbers)) return [];
  return phoneNumbers.flatMap((entry) => textOf(objectOf(entry)['value']) ?? []);
}

/** The names of a person, as a guesser would try them. */
export function wordsOf(attributes: Record<string, unknown>): string[] {
  const { givenName, familyName } = objectOf(attributes['name']);
  const { displayName, nickName } = attributes;
  const addresses = addressesOf(attributes['emails']).map(({ value }) => value);
  return [
    ...[givenName, familyName, displayName, nickName].flatMap((name) => textOf(name) ?? []),
    ...addresses,
  ];
}

/**
 * Every field that is derived from the userName and the attributes: what users are found, sorted and unique by. The one place that knows
 * how.
 */
export function deriveUserKeys(userName: string, attributes: Record<string, unknown>): UserKeys {
  const email = primaryEmail(attributes) ?? null;
  const emailKey = email === null ? null : loginKey(email);
  const familyName = textOf(objectOf(attributes['name'])['familyName']);
  const employeeNumber = textOf(objectOf(attributes['enterprise'])['employeeNumber']);
  const [userNameKey, displayNameKey] = [fold(userName), fold(displayNameOf(userName, attributes))];
  const emailKeys = [...new Set(addressesOf(attributes['emails']).map(({ value }) => fold(value)))];
  return {
    userNameKey,
    email,
    emailKey,
    loginKeys: [...new Set([loginKey(userName), ...(emailKey === null ? [] : [emailKey])])],
    emailKeys,
    displayNameKey,
    familyNameKey: familyName === undefined ? null : fold(familyName),
    searchKey: searchKeyOf([displayNameKey, userNameKey, ...emailKeys, ...phonesOf(attributes).map(fold)]),
    employeeNumberKey: employeeNumber === undefined ? null : fold(employeeNumber),
  };
}

/** The address a user is known by, as the claims tell it, in the form addresses are compared in; null when there is none. */
export function addressKeyOf({ email, userName }: Pick<UserDocument, 'email' | 'userName'>): string | null {
  const address = email ?? (userName.includes('@') ? userName : null);
  return address === null ? null : loginKey(address);
}

/**
 * Where mail to a user arrives. Two mailboxes may have one {@link addressKeyOf key}: `weiss@` and `weiß@` are one name to sign in with, and
 * not one place.
 */
export function mailboxOf({ email, userName }: Pick<UserDocument, 'email' | 'userName'>): string {
  const address = email ?? userName;
  const parsed = parseEmail(address);
  return parsed ? `${parsed.address.split('@')[0]?.toLowerCase() ?? ''}@${parsed.domain}` : address;
}

/** A user whose address is another one than the one that was verified has none that is. */
export function withoutOldAddress(before: UserDocument, after: UserDocument): UserDocument {
  const { verifiedEmailKey } = after;
  if (typeof verifiedEmailKey !== 'string') return after;
  const isOld = verifiedEmailKey !== addressKeyOf(after) || mailboxOf(before) !== mailboxOf(after);
  return isOld ? { ...after, verifiedEmailKey: null } : after;
}
