import { sharedIssuerFault } from './shared-issuers.js';

export const presetKeys = [
  'okta',
  'entra',
  'google',
  'keycloak',
  'onelogin',
  'ping',
  'jumpcloud',
  'adfs',
  'other',
] as const;
export type PresetKey = (typeof presetKeys)[number];

/** Something to know of a provider before a connection is made. */
export interface Finding {
  /** `fault`: sign-ins would fail; `warning`: they may; `note`: to be done at the provider. */
  level: 'fault' | 'warning' | 'note';
  detail: string;
}

const hosts: readonly (readonly [RegExp, PresetKey])[] = [
  [/(^|\.)(okta|oktapreview|okta-emea)\.com$/, 'okta'],
  [/^(login\.microsoftonline\.(com|us)|sts\.windows\.net|login\.partner\.microsoftonline\.cn)$/, 'entra'],
  [/^accounts\.google\.com$/, 'google'],
  [/(^|\.)onelogin\.com$/, 'onelogin'],
  [/(^|\.)(pingone|pingidentity)\.(com|eu|asia|ca)$/, 'ping'],
  [/(^|\.)jumpcloud\.com$/, 'jumpcloud'],
];

/** Which product a provider is, by its issuer. */
export function presetOf(issuer: string): PresetKey {
  const { hostname, pathname } = new URL(issuer);
  const known = hosts.find(([pattern]) => pattern.test(hostname))?.[1];
  if (known) return known;
  if (pathname.includes('/realms/')) return 'keycloak';
  return /^\/adfs\b/i.test(pathname) ? 'adfs' : 'other';
}

/** What goes wrong at a provider, as rules: each sees the issuer as it was typed. */
type Trap = Finding & { isMet: (issuer: URL) => boolean };

const always = (): boolean => true;
const path = (pattern: RegExp) => (issuer: URL) => pattern.test(issuer.pathname);
const note = (detail: string): Trap => ({ level: 'note', detail, isMet: always });

const traps: Readonly<Record<PresetKey, readonly Trap[]>> = {
  okta: [
    {
      level: 'fault',
      detail: 'is the address of Okta’s administration: leave out “-admin”',
      isMet: ({ hostname }) => hostname.includes('-admin.okta'),
    },
    {
      level: 'warning',
      detail: 'is a custom authorization server of Okta: it needs an access policy for the application',
      isMet: path(/^\/oauth2\//),
    },
    note('Okta sends groups only with a groups claim filter on the application’s Sign On page'),
  ],
  entra: [
    {
      level: 'warning',
      detail: 'is the older address of Entra: use https://login.microsoftonline.com/TENANT-ID/v2.0',
      isMet: ({ hostname, pathname }) => hostname === 'sts.windows.net' || !/\/v2\.0\/?$/.test(pathname),
    },
    note('Entra sends email only as an optional claim: App registrations > Token configuration'),
    note('Entra leaves groups out of tokens of people with more than 200 of them'),
    note('A client secret of Entra expires after 24 months at most: note the day here'),
  ],
  google: [
    note('Google gives accounts to everybody: only those with the verified domain in hd are let in'),
    note('Google sends no groups to sign-ins: provision them by a directory'),
  ],
  keycloak: [
    {
      level: 'fault',
      detail: 'is not the address of a realm: it ends with /realms/REALM',
      isMet: (issuer) => !/\/realms\/[^/]+\/?$/.test(issuer.pathname),
    },
    note('Keycloak sends groups only with a mapper of the type Group Membership, full group path off'),
  ],
  onelogin: [
    {
      level: 'fault',
      detail: 'is not the issuer of OneLogin’s OpenID: it ends with /oidc/2',
      isMet: (issuer) => !/\/oidc\/2\/?$/.test(issuer.pathname),
    },
    note(
      'At OneLogin the token endpoint’s authentication method (Basic or POST) is set for each application',
    ),
  ],
  ping: [
    {
      level: 'fault',
      detail: 'is not the issuer of a PingOne environment: it ends with /as',
      isMet: ({ hostname, pathname }) => hostname.startsWith('auth.pingone.') && !/\/as\/?$/.test(pathname),
    },
    note('PingOne sends email, names and groups only by attribute mappings of the application'),
  ],
  jumpcloud: [
    {
      level: 'fault',
      detail: 'is not JumpCloud’s issuer, which is https://oauth.id.jumpcloud.com',
      isMet: ({ hostname }) => hostname !== 'oauth.id.jumpcloud.com',
    },
    note('JumpCloud sends groups only with “include group attribute” on the application’s SSO page'),
  ],
  adfs: [
    {
      level: 'fault',
      detail: 'is not the issuer of AD FS, which ends with /adfs',
      isMet: (issuer) => !/^\/adfs\/?$/i.test(issuer.pathname),
    },
    note(
      'AD FS gives sub alone at userinfo: put email, names and groups into the ID token by issuance rules',
    ),
  ],
  other: [],
};

/** What is known to go wrong at this product, for this issuer; then what has to be done there. */
export function trapsOf(key: PresetKey, issuer: string): Finding[] {
  const url = new URL(issuer);
  const shared = sharedIssuerFault({ issuer });
  const found = traps[key].filter(({ isMet }) => isMet(url)).map(({ detail, level }) => ({ level, detail }));
  return shared ? [{ level: 'fault', detail: shared.detail }, ...found] : found;
}
