import type { AttributeDefinition, SchemaDefinition } from '../attribute.js';
import { defineAttribute } from '../attribute.js';
import { userUrn } from '../urns.js';

const primary = defineAttribute('primary', 'True for the preferred value; at most one.', { type: 'boolean' });
const display = defineAttribute('display', 'A human-readable name.');

/** A multi-valued complex attribute with the sub-attributes of RFC 7643 section 2.4. */
function valued(
  name: string,
  description: string,
  types: readonly string[],
  value: Partial<Omit<AttributeDefinition, 'name'>> = {},
): AttributeDefinition {
  return defineAttribute(name, description, {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      defineAttribute('value', 'The value itself.', value),
      display,
      defineAttribute('type', 'What it is for.', types.length > 0 ? { canonicalValues: types } : {}),
      primary,
    ],
  });
}

const name = defineAttribute('name', 'The components of the name.', {
  type: 'complex',
  subAttributes: [
    defineAttribute('formatted', 'The full name, formatted for display.'),
    defineAttribute('familyName', 'Family name.'),
    defineAttribute('givenName', 'Given name.'),
    defineAttribute('middleName', 'Middle name(s).'),
    defineAttribute('honorificPrefix', 'Title, such as "Ms.".'),
    defineAttribute('honorificSuffix', 'Suffix, such as "III".'),
  ],
});

const addresses = defineAttribute('addresses', 'Postal addresses.', {
  type: 'complex',
  multiValued: true,
  subAttributes: [
    defineAttribute('formatted', 'The full address, formatted for display.'),
    defineAttribute('streetAddress', 'Street, house number, apartment.'),
    defineAttribute('locality', 'City.'),
    defineAttribute('region', 'State or region.'),
    defineAttribute('postalCode', 'Postal code.'),
    defineAttribute('country', 'Country.'),
    defineAttribute('type', 'What it is for.', { canonicalValues: ['work', 'home', 'other'] }),
    primary,
  ],
});

const groups = defineAttribute('groups', 'The groups the user belongs to; change them at the group.', {
  type: 'complex',
  multiValued: true,
  mutability: 'readOnly',
  subAttributes: [
    defineAttribute('value', "The group's id.", { caseExact: true, mutability: 'readOnly' }),
    defineAttribute('$ref', "The group's URI.", {
      type: 'reference',
      caseExact: true,
      mutability: 'readOnly',
      referenceTypes: ['Group'],
    }),
    defineAttribute('display', "The group's name.", { mutability: 'readOnly' }),
    defineAttribute('type', 'direct, or indirect through a nested group.', {
      mutability: 'readOnly',
      canonicalValues: ['direct', 'indirect'],
    }),
  ],
});

/** The core User schema (RFC 7643 sections 4.1 and 8.7.1). */
export const userSchema: SchemaDefinition = {
  id: userUrn,
  name: 'User',
  description: 'User account',
  attributes: [
    defineAttribute('userName', 'The name the user signs in with; unique without regard to case.', {
      required: true,
      uniqueness: 'server',
    }),
    name,
    defineAttribute('displayName', 'The name to show.'),
    defineAttribute('nickName', 'Casual name.'),
    defineAttribute('profileUrl', "The user's online profile.", {
      type: 'reference',
      caseExact: true,
      referenceTypes: ['external'],
    }),
    defineAttribute('title', 'Job title.'),
    defineAttribute('userType', 'Relation to the organization.'),
    defineAttribute('preferredLanguage', 'Preferred languages, as in Accept-Language.'),
    defineAttribute('locale', 'Locale for formatting, such as "en-US".'),
    defineAttribute('timezone', 'Time zone, such as "America/Los_Angeles".'),
    defineAttribute('active', 'False ends all access; the record stays.', { type: 'boolean' }),
    defineAttribute('password', 'The initial or new password; never returned.', {
      caseExact: true,
      mutability: 'writeOnly',
      returned: 'never',
    }),
    valued(
      'emails',
      'E-mail addresses; the primary one, else the first, is unique, among userNames as well.',
      ['work', 'home', 'other'],
      { uniqueness: 'server' },
    ),
    valued('phoneNumbers', 'Telephone numbers, kept as sent.', [
      'work',
      'home',
      'mobile',
      'fax',
      'pager',
      'other',
    ]),
    valued('ims', 'Instant messaging addresses.', []),
    valued('photos', 'URLs of photos.', ['photo', 'thumbnail'], {
      type: 'reference',
      caseExact: true,
      referenceTypes: ['external'],
    }),
    addresses,
    groups,
    valued('entitlements', 'Things the user is entitled to.', []),
    valued('roles', 'Roles; rules of the directory turn them into grants.', []),
    valued('x509Certificates', 'Certificates, DER in base64.', [], { type: 'binary', caseExact: true }),
  ],
};
