/** What an administrator does at each provider; texts of the catalogue. */
export interface Provider {
  key: string;
  name: string;
  /** Absent: OpenID Connect. */
  isSaml?: boolean;
  issuer: string;
  steps: readonly string[];
}

const common = [
  'Give it the redirect address below.',
  'Copy its client id and client secret: the next step asks for them.',
];

const commonSaml = [
  'Give it the two addresses below.',
  'Have it send the address, the names and the groups as attributes.',
];

export const providers: readonly Provider[] = [
  {
    key: 'okta',
    name: 'Okta',
    issuer: 'https://YOUR-ORG.okta.com',
    steps: [
      'In Okta: Applications > Create App Integration > OIDC, Web Application.',
      ...common,
      'Assign the people who may sign in.',
    ],
  },
  {
    key: 'entra',
    name: 'Microsoft Entra ID',
    issuer: 'https://login.microsoftonline.com/TENANT-ID/v2.0',
    steps: [
      'In Entra: App registrations > New registration, accounts of this directory only.',
      ...common,
      'Token configuration: add the optional claim email.',
    ],
  },
  {
    key: 'google',
    name: 'Google Workspace',
    issuer: 'https://accounts.google.com',
    steps: [
      'In Google Cloud: APIs & Services > Credentials > OAuth client ID, Web application, consent screen Internal.',
      ...common,
    ],
  },
  {
    key: 'keycloak',
    name: 'Keycloak',
    issuer: 'https://HOST/realms/REALM',
    steps: ['In Keycloak: Clients > Create client, OpenID Connect, Client authentication on.', ...common],
  },
  {
    key: 'onelogin',
    name: 'OneLogin',
    issuer: 'https://YOUR-ORG.onelogin.com/oidc/2',
    steps: [
      'In OneLogin: Applications > Add App > OpenID Connect. Token Endpoint: POST.',
      ...common,
      'Assign the people who may sign in.',
    ],
  },
  {
    key: 'ping',
    name: 'PingOne',
    issuer: 'https://auth.pingone.eu/ENVIRONMENT-ID/as',
    steps: ['In PingOne: Applications > Add > OIDC Web App, and map email, names and groups.', ...common],
  },
  {
    key: 'jumpcloud',
    name: 'JumpCloud',
    issuer: 'https://oauth.id.jumpcloud.com',
    steps: ['In JumpCloud: SSO Applications > Custom Application > OIDC, with a group attribute.', ...common],
  },
  {
    key: 'adfs',
    name: 'AD FS',
    issuer: 'https://HOST/adfs',
    steps: [
      'In AD FS: Application Groups > Server application accessing a web API; issuance rules give email, names and groups.',
      ...common,
    ],
  },
  {
    key: 'okta-saml',
    name: 'Okta by SAML',
    isSaml: true,
    issuer: '',
    steps: ['In Okta: Applications > Create App Integration > SAML 2.0.', ...commonSaml],
  },
  {
    key: 'entra-saml',
    name: 'Microsoft Entra ID by SAML',
    isSaml: true,
    issuer: '',
    steps: ['In Entra: Enterprise applications > Single sign-on > SAML.', ...commonSaml],
  },
  {
    key: 'saml',
    name: 'Other SAML provider',
    isSaml: true,
    issuer: '',
    steps: ['Register a service provider with signed assertions (RSA-SHA256).', ...commonSaml],
  },
  {
    key: 'other',
    name: 'Other OpenID provider',
    issuer: 'https://…',
    steps: ['Register a confidential web client with authorization code flow.', ...common],
  },
];
