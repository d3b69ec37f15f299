import type { SetupProvider, SetupPurpose } from '../../persistence/collections/setup-links.js';

const openId: Readonly<Record<SetupProvider, readonly string[]>> = {
  okta: [
    'In Okta: Applications > Create App Integration > OIDC, Web Application.',
    'Sign-in redirect URI: the address below. Then assign the people who may sign in.',
  ],
  entra: [
    'In Entra: App registrations > New registration, accounts of this directory only; platform Web, redirect URI: the address below.',
    'Certificates & secrets: make a client secret. Token configuration: add the optional claim email.',
  ],
  google: [
    'In Google Cloud: APIs & Services > Credentials > OAuth client ID, Web application, consent screen Internal.',
    'Authorized redirect URI: the address below.',
  ],
  keycloak: [
    'In Keycloak: Clients > Create client, OpenID Connect, Client authentication on.',
    'Valid redirect URI: the address below.',
  ],
  other: [
    'Register a confidential web client with the authorization code flow.',
    'Its redirect URI is the address below.',
  ],
};

const saml: Readonly<Record<SetupProvider, readonly string[]>> = {
  okta: ['In Okta: Applications > Create App Integration > SAML 2.0.'],
  entra: [
    'In Entra: Enterprise applications > New application > Create your own; then Single sign-on > SAML.',
  ],
  google: ['In the Google Admin console: Apps > Web and mobile apps > Add custom SAML app.'],
  keycloak: ['In Keycloak: Clients > Create client, SAML.'],
  other: ['Register a service provider with signed assertions (RSA-SHA256).'],
};

const scim: Readonly<Record<SetupProvider, readonly string[]>> = {
  okta: [
    'In Okta, the application’s tab General: Provisioning SCIM. Then Provisioning > Integration: unique identifier userName, HTTP Header.',
    'Provisioning > To App: Create, Update and Deactivate Users. Then assign people, and push the groups (Push Groups).',
  ],
  entra: [
    'In Entra: Enterprise applications > the application > Provisioning > Automatic.',
    'Assign users and groups, then Start provisioning. The first cycle may take up to 40 minutes.',
  ],
  google: ['In the Google Admin console: Apps > Web and mobile apps > the application > Autoprovisioning.'],
  keycloak: ['In Keycloak, with a SCIM client extension: add a federation to the address below.'],
  other: ['Give your identity provider the address and the token below, and let it send users and groups.'],
};

/** What a company's IT does at its provider, sentence by sentence. */
export function setupGuide(
  purpose: SetupPurpose,
  provider: SetupProvider,
  isSaml: boolean,
): readonly string[] {
  if (purpose === 'scim') return scim[provider];
  return isSaml ? [...saml[provider], 'Give it the two addresses below.'] : openId[provider];
}
