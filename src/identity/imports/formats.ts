import type { PasswordHashInput } from './hashes.js';
import { objectOf, textOf } from '../../shared/unknown-value.js';
import { flagOf, listOf, numberOf, type ImportedPerson } from './person.js';

type Entry = Readonly<Record<string, unknown>>;

const encodings = ['base64', 'hex', 'utf8'] as const;
const encodingOf = (value: unknown) => encodings.find((one) => one === value);

/** `custom_password_hash` of Auth0's import format: bcrypt, argon2 and pbkdf2 as one text, scrypt by its parts. */
function auth0Hash(entry: Entry): PasswordHashInput | undefined {
  const plain = textOf(entry['passwordHash']) ?? textOf(entry['password_hash']);
  if (plain !== undefined) return { hash: plain };
  const custom = objectOf(entry['custom_password_hash']);
  const hash = objectOf(custom['hash']);
  const salt = objectOf(custom['salt']);
  const value = textOf(hash['value']);
  if (value === undefined) return undefined;
  return {
    algorithm: textOf(custom['algorithm']),
    hash: value,
    encoding: encodingOf(hash['encoding']),
    digest: textOf(hash['digest']),
    salt: textOf(salt['value']),
    saltEncoding: encodingOf(salt['encoding']) ?? 'utf8',
    cost: numberOf(custom['cost']),
    blockSize: numberOf(custom['blockSize']),
    parallelism: numberOf(custom['parallelization']),
  };
}

function auth0Id(entry: Entry): string | undefined {
  return textOf(entry['user_id']) ?? textOf(objectOf(entry['_id'])['$oid']) ?? textOf(entry['_id']);
}

/** A line of an Auth0 export, or an entry of a file in its import format. */
export function fromAuth0(entry: Entry): ImportedPerson {
  const isBlocked = flagOf(entry['blocked']);
  return {
    email: textOf(entry['email']),
    userName: textOf(entry['username']),
    givenName: textOf(entry['given_name']),
    familyName: textOf(entry['family_name']),
    displayName: textOf(entry['name']),
    phone: textOf(entry['phone_number']),
    externalId: auth0Id(entry),
    enabled: isBlocked === undefined ? undefined : !isBlocked,
    emailVerified: flagOf(entry['email_verified']),
    roles: listOf(objectOf(entry['app_metadata'])['roles']).flatMap((role) => textOf(role) ?? []),
    password: auth0Hash(entry),
  };
}

/** A text that holds JSON, as Keycloak keeps secrets; or the object itself. */
function jsonOf(value: unknown): Entry {
  if (typeof value !== 'string') return objectOf(value);
  try {
    return objectOf(JSON.parse(value));
  } catch {
    return {};
  }
}

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? (value as unknown[])[0] : value);

/** Argon2 of Keycloak 24 and later: its parts, made one PHC string. */
function keycloakArgon2(data: Entry, iterations: number | undefined, salt: string, hash: string) {
  const more = objectOf(data['additionalParameters']);
  const part = (name: string): string => textOf(firstOf(more[name])) ?? '';
  const version = part('version') === '1.0' ? 16 : 19;
  const bare = (text: string): string => text.replace(/=+$/, '');
  const cost = `m=${part('memory')},t=${iterations ?? ''},p=${part('parallelism')}`;
  return `$argon2${part('type') || 'id'}$v=${version}$${cost}$${bare(salt)}$${bare(hash)}`;
}

/** The password among Keycloak's credentials, in the form of version 8 and later or the one before. */
function keycloakHash(entry: Entry): PasswordHashInput | undefined {
  const credential = listOf(entry['credentials'])
    .map(objectOf)
    .find(({ type }) => type === 'password');
  if (!credential) return undefined;
  const data = jsonOf(credential['credentialData']);
  const secret = jsonOf(credential['secretData']);
  const hash = textOf(secret['value']) ?? textOf(credential['hashedSaltedValue']);
  if (hash === undefined) return undefined;
  const salt = textOf(secret['salt']) ?? textOf(credential['salt']);
  const algorithm = textOf(data['algorithm']) ?? textOf(credential['algorithm']) ?? 'pbkdf2-sha256';
  const iterations = numberOf(data['hashIterations']) ?? numberOf(credential['hashIterations']);
  if (algorithm === 'argon2') return { hash: keycloakArgon2(data, iterations, salt ?? '', hash) };
  return { algorithm, hash, salt, iterations };
}

/** An entry of `users` in a realm's export of Keycloak. */
export function fromKeycloak(entry: Entry): ImportedPerson {
  return {
    email: textOf(entry['email']),
    userName: textOf(entry['username']),
    givenName: textOf(entry['firstName']),
    familyName: textOf(entry['lastName']),
    phone: textOf(firstOf(objectOf(entry['attributes'])['phoneNumber'])),
    externalId: textOf(entry['id']),
    enabled: flagOf(entry['enabled']),
    emailVerified: flagOf(entry['emailVerified']),
    roles: listOf(entry['realmRoles']).flatMap((role) => textOf(role) ?? []),
    password: keycloakHash(entry),
  };
}

/** An entry of `Users` as Cognito's ListUsers answers. Cognito gives no password hashes away. */
export function fromCognito(entry: Entry): ImportedPerson {
  const attributes = new Map(
    listOf(entry['Attributes']).map((one) => {
      const { Name, Value } = objectOf(one);
      return [String(Name), textOf(Value)];
    }),
  );
  const verified = attributes.get('email_verified');
  return {
    email: attributes.get('email'),
    userName: attributes.get('preferred_username'),
    givenName: attributes.get('given_name'),
    familyName: attributes.get('family_name'),
    displayName: attributes.get('name'),
    phone: attributes.get('phone_number'),
    externalId: attributes.get('sub') ?? textOf(entry['Username']),
    enabled: flagOf(entry['Enabled']),
    emailVerified: verified === undefined ? undefined : verified === 'true',
  };
}

/** An entry of `users` as `firebase auth:export` writes it. */
export function fromFirebase(entry: Entry): ImportedPerson {
  const hash = textOf(entry['passwordHash']);
  const isDisabled = flagOf(entry['disabled']);
  return {
    email: textOf(entry['email']),
    displayName: textOf(entry['displayName']),
    phone: textOf(entry['phoneNumber']),
    externalId: textOf(entry['localId']),
    enabled: isDisabled === undefined ? undefined : !isDisabled,
    emailVerified: flagOf(entry['emailVerified']),
    password: hash === undefined ? undefined : { hash, salt: textOf(entry['salt']) },
  };
}

function ownHash(entry: Entry): PasswordHashInput | undefined {
  const text = textOf(entry['passwordHash']);
  if (text !== undefined) return { hash: text, salt: textOf(entry['passwordSalt']) };
  const parts = objectOf(entry['password']);
  const hash = textOf(parts['hash']);
  if (hash === undefined) return undefined;
  return {
    hash,
    algorithm: textOf(parts['algorithm']),
    salt: textOf(parts['salt']),
    encoding: encodingOf(parts['encoding']),
    saltEncoding: encodingOf(parts['saltEncoding']),
    digest: textOf(parts['digest']),
    iterations: numberOf(parts['iterations']),
    cost: numberOf(parts['cost']),
    blockSize: numberOf(parts['blockSize']),
    parallelism: numberOf(parts['parallelism']),
  };
}

const textsOf = (value: unknown): string[] | undefined =>
  Array.isArray(value) ? value.flatMap((one) => textOf(one) ?? []) : undefined;

/** An entry of a list in our own words: the fields of a user of the API, and `passwordHash` or `password` with the hash's parts. */
export function fromJson(entry: Entry): ImportedPerson {
  return {
    email: textOf(entry['email']),
    userName: textOf(entry['userName']),
    givenName: textOf(entry['givenName']),
    familyName: textOf(entry['familyName']),
    displayName: textOf(entry['displayName']),
    phone: textOf(entry['phone']),
    externalId: textOf(entry['externalId']),
    enabled: flagOf(entry['enabled']),
    emailVerified: flagOf(entry['emailVerified']),
    accessExpiresAt: textOf(entry['accessExpiresAt']),
    roles: textsOf(entry['roles']),
    groups: textsOf(entry['groups']),
    attributes: objectOf(entry['attributes']),
    password: ownHash(entry),
  };
}
