import type { LoginType, UserDocument } from '../../persistence/collections/users.js';

/** What may be said about a user from outside; everything else of a {@link UserDocument} is derived or decided here. */
export interface UserInput {
  userName: string;
  externalId: string | null;
  /** As {@link UserDocument.attributes}: canonical names, extensions under their alias. */
  attributes: Record<string, unknown>;
  /** SCIM's `active`; our `enabled`. */
  active: boolean;
  /** With `active: false`: whether it holds against the directory. Absent: for people a directory manages, when people say it. */
  hold?: boolean | undefined;
  /** In clear; absent: unchanged. */
  password?: string | undefined;
  /** Whether the user has to change that password at the first sign-in. */
  passwordIsTemporary?: boolean | undefined;
  /** Absent: unchanged, on creation as the tenant's settings say. */
  approved?: boolean | undefined;
  /** null: without an end. Absent: unchanged. */
  accessExpiresAt?: Date | null | undefined;
  /** Absent: unchanged, on creation by the address's domain. */
  loginType?: LoginType | undefined;
  /** What the person signs messages with; null or empty: nothing. Absent: unchanged. */
  signature?: string | null | undefined;
  /** Full keys of the roles given by hand, all of them. Absent: unchanged. */
  roles?: readonly string[] | undefined;
}

/** A user as the input that would leave it as it is. */
export function inputOf(user: UserDocument): UserInput {
  return {
    userName: user.userName,
    externalId: user.externalId,
    attributes: user.attributes,
    active: user.enabled,
  };
}

/** The few facts about a person that forms and files know by plain names. Absent: unchanged; null or empty: taken away. */
export interface ProfileInput {
  email?: string | undefined;
  givenName?: string | null | undefined;
  familyName?: string | null | undefined;
  displayName?: string | null | undefined;
  phone?: string | null | undefined;
  /** An address or `data:` URI of an image; SCIM's `photos`. */
  picture?: string | null | undefined;
  /** Of mails; SCIM's `preferredLanguage`. */
  language?: string | null | undefined;
}

type Attributes = Record<string, unknown>;

function listOf(value: unknown): Attributes[] {
  return Array.isArray(value) ? (value as Attributes[]) : [];
}

/** Puts a value at the primary place of a multi-valued attribute; the other values stay. */
function withPrimary(values: Attributes[], value: string | null | undefined, type: string): Attributes[] {
  const at = Math.max(
    values.findIndex((entry) => entry['primary'] === true),
    0,
  );
  const others = values.filter((_, index) => index !== at);
  return value ? [{ type, primary: true, ...values[at], value }, ...others] : others;
}

function without(attributes: Attributes, name: string, value: unknown): Attributes {
  const { [name]: _, ...rest } = attributes;
  const isEmpty =
    value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
  return isEmpty ? rest : { ...rest, [name]: value };
}

/** The attributes with these facts in their SCIM places; what is not named stays. */
export function withProfile(attributes: Attributes, profile: ProfileInput): Attributes {
  let next = attributes;
  if (profile.email !== undefined) {
    next = without(next, 'emails', withPrimary(listOf(next['emails']), profile.email, 'work'));
  }
  if (profile.phone !== undefined) {
    next = without(next, 'phoneNumbers', withPrimary(listOf(next['phoneNumbers']), profile.phone, 'work'));
  }
  if (profile.picture !== undefined) {
    next = without(next, 'photos', withPrimary(listOf(next['photos']), profile.picture, 'photo'));
  }
  if (profile.language !== undefined) next = without(next, 'preferredLanguage', profile.language);
  if (profile.displayName !== undefined) next = without(next, 'displayName', profile.displayName);
  const names = { givenName: profile.givenName, familyName: profile.familyName };
  for (const [part, value] of Object.entries(names)) {
    if (value === undefined) continue;
    // A formatted name would go on telling the old one.
    const { formatted: _, ...name } = (next['name'] ?? {}) as Attributes;
    const changed = without(name, part, value);
    next = without(next, 'name', Object.keys(changed).length > 0 ? changed : null);
  }
  return next;
}
