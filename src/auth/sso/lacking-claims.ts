import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { isSaml } from '../../identity/sso/saml/saml-settings.js';
import type { ProviderClaims, ProviderWord } from './provider-claims.js';

/** What a provider does not say of a person, and how its administrator has it said. */
export interface Lacking {
  what: 'email' | 'email_verified' | 'names' | 'groups' | 'auth_time' | 'hd';
  hint: string;
}

type Vendor = 'okta' | 'entra' | 'google' | 'keycloak' | 'onelogin' | 'ping' | 'jumpcloud' | 'other';

const hosts: readonly (readonly [RegExp, Vendor])[] = [
  [/(^|\.)(okta|oktapreview|okta-emea)\.com$/, 'okta'],
  [/^(login\.microsoftonline\.(com|us)|sts\.windows\.net|login\.partner\.microsoftonline\.cn)$/, 'entra'],
  [/(^|\.)google\.com$/, 'google'],
  [/(^|\.)onelogin\.com$/, 'onelogin'],
  [/(^|\.)(pingone|pingidentity)\.(com|eu|asia|ca)$/, 'ping'],
  [/(^|\.)jumpcloud\.com$/, 'jumpcloud'],
];

/** Which product a provider is, by its address. */
function vendorOf(issuer: string): Vendor {
  if (!URL.canParse(issuer)) return 'other';
  const { hostname, pathname } = new URL(issuer);
  const known = hosts.find(([pattern]) => pattern.test(hostname))?.[1];
  return known ?? (pathname.includes('/realms/') ? 'keycloak' : 'other');
}

type Hints = Partial<Record<Vendor, string>> & { other: string };

const oidc: Readonly<Record<Lacking['what'], Hints>> = {
  email: {
    okta: 'Okta: the application’s Okta API Scopes and the user’s profile need an email; the scope email must be asked for.',
    entra:
      'Entra: App registrations > Token configuration > Add optional claim > ID > email, and a mail address on the user.',
    keycloak:
      'Keycloak: the client scope email must be a default scope of the client, and the user needs an email.',
    other:
      'Add the scope email to the connection, and have the provider put the claim email into the ID token or userinfo.',
  },
  email_verified: {
    okta: 'Okta: the user’s primary email is not verified: Directory > People > the user > verify the email.',
    keycloak: 'Keycloak: Users > the user > Email verified: On.',
    other: 'The provider says that the address is not verified: verify it there.',
  },
  names: {
    entra:
      'Entra: App registrations > Token configuration > Add optional claim > ID > given_name, family_name.',
    other: 'Add the scope profile to the connection, and have the provider send given_name and family_name.',
  },
  groups: {
    okta: 'Okta: the application > Sign On > OpenID Connect ID Token > Groups claim filter: groups, Matches regex .*',
    entra:
      'Entra: App registrations > Token configuration > Add groups claim; choose names in place of ids for synced groups.',
    google: 'Google sends no groups to sign-ins: provision them by a directory, and put the rules there.',
    keycloak:
      'Keycloak: Client scopes > Add mapper > Group Membership, token claim name groups, full group path off.',
    onelogin: 'OneLogin: the application > Parameters > Groups: include in the token.',
    ping: 'PingOne: the application > Attribute Mappings > groups = Group Names.',
    jumpcloud: 'JumpCloud: the application > SSO > Attributes > include group attribute: groups.',
    other:
      'Role rules of the connection read groups: have the provider send the claim groups with their names.',
  },
  auth_time: {
    entra: 'Entra: App registrations > Token configuration > Add optional claim > ID > auth_time.',
    other:
      'Without auth_time an application cannot ask that people sign in afresh: have the provider send it.',
  },
  hd: { other: 'Google: this is not an account of the company’s Workspace: sign in with one that is.' },
};

const saml: Readonly<Partial<Record<Lacking['what'], Hints>>> = {
  email: {
    okta: 'Okta: the application > General > SAML Settings > Attribute Statements: email = user.email.',
    entra: 'Entra: Enterprise applications > Single sign-on > Attributes & Claims: emailaddress = user.mail.',
    other:
      'Have the provider send an attribute email, or name the one it sends in the connection’s attribute mapping.',
  },
  names: {
    okta: 'Okta: SAML Settings > Attribute Statements: firstName = user.firstName, lastName = user.lastName.',
    entra: 'Entra: Attributes & Claims: givenname = user.givenname, surname = user.surname.',
    other:
      'Have the provider send the first and the last name, or name their attributes in the attribute mapping.',
  },
  groups: {
    okta: 'Okta: SAML Settings > Group Attribute Statements: groups, Matches regex .*',
    entra: 'Entra: Attributes & Claims > Add a group claim, with names in place of ids for synced groups.',
    other:
      'Role rules of the connection read groups: have the provider send an attribute groups with their names.',
  },
};

const readsGroups = ({ roleRules = [] }: SsoConnectionDocument): boolean =>
  JSON.stringify(roleRules.map(({ when }) => when)).includes('"groups.');

/** What this person's sign-in lacks, and how it is mended at this provider. */
export function lackingOf(
  connection: SsoConnectionDocument,
  { claims, word }: { claims: ProviderClaims; word: Pick<ProviderWord, 'groups' | 'authTime' | 'idToken'> },
): Lacking[] {
  const isOfSaml = isSaml(connection);
  const vendor = vendorOf(connection.issuer);
  const hints = isOfSaml ? saml : oidc;
  const lacks: Record<Lacking['what'], boolean> = {
    email: claims.email === undefined,
    email_verified: claims.emailVerified === false,
    names: claims.givenName === undefined && claims.familyName === undefined,
    groups: readsGroups(connection) && word.groups.length === 0,
    auth_time: !isOfSaml && word.authTime === undefined,
    hd: !isOfSaml && vendor === 'google' && word.idToken['hd'] === undefined,
  };
  return Object.entries(lacks).flatMap(([name, isLacking]) => {
    const what = name as Lacking['what'];
    const texts = hints[what];
    return isLacking && texts ? [{ what, hint: texts[vendor] ?? texts.other }] : [];
  });
}
