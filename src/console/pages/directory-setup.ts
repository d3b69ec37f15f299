/** What an administrator does at each identity provider; texts of the catalogue. */
export interface DirectoryProvider {
  title: string;
  steps: readonly string[];
  /** Of the guides that the server has at `/docs/guides/`. */
  guide: string;
}

export const directoryProviders: Readonly<Record<string, DirectoryProvider>> = {
  okta: {
    title: 'Okta',
    guide: 'okta',
    steps: [
      'In the Okta application: Provisioning > Configure API Integration.',
      'Base URL and API Token: the values below. Test API Credentials must say that it was successful.',
      'To App: tick Create Users, Update User Attributes, Deactivate Users.',
      'Push Groups: push the groups that your role rules name.',
    ],
  },
  entra: {
    title: 'Microsoft Entra ID',
    guide: 'entra',
    steps: [
      'In Entra: Enterprise applications > your application > Provisioning, mode Automatic.',
      'Tenant URL and Secret Token: the values below. Test Connection, then save.',
      'Provision on demand tries one person at once; the regular cycle takes up to 40 minutes.',
      'Assign the users and groups that should be here, then start provisioning.',
    ],
  },
  google: {
    title: 'Google Workspace',
    guide: 'google',
    steps: [
      'Google pushes people alone, after hours. A directory that pulls from Google brings groups too: the guide says how to make one.',
      'For a push: Google Admin console > Apps > the application > Autoprovisioning, with the values below.',
    ],
  },
  jumpcloud: {
    title: 'JumpCloud',
    guide: 'jumpcloud',
    steps: [
      'In JumpCloud: SSO Applications > your application > Identity Management > Configure, SCIM 2.0.',
      'Base URL and Token Key: the values below. Test Connection, then Activate.',
      'User Groups: bind the groups that may use the application.',
    ],
  },
  onelogin: {
    title: 'OneLogin',
    guide: 'onelogin',
    steps: [
      'In OneLogin: Applications > Add App > SCIM Provisioner with SAML (SCIM v2 Enterprise).',
      'Configuration: SCIM Base URL and SCIM Bearer Token are the values below. Then API Connection > Enable.',
      'Provisioning > Enable provisioning. When people are removed: Suspend.',
    ],
  },
  ping: {
    title: 'Ping',
    guide: 'ping',
    steps: [
      'In PingOne: Integrations > Provisioning > New Connection > SCIM Outbound.',
      'SCIM Base URL and OAuth Access Token: the values below. Test Connection.',
      'Rules > New Rule: choose who comes and which groups are pushed, then switch it on.',
    ],
  },
  keycloak: {
    title: 'Keycloak',
    guide: 'keycloak',
    steps: [
      'Keycloak sends SCIM by a plug-in: install keycloak-scim, and add the event listener scim to the realm.',
      'User federation > Add Scim provider: endpoint and password are the values below, auth mode BEARER.',
      'Import action: NOTHING. Then Action > Sync all users.',
    ],
  },
  authentik: {
    title: 'authentik',
    guide: 'authentik',
    steps: [
      'In authentik: Applications > Providers > New Provider > SCIM Provider, with the values below.',
      'The application people see: Backchannel Providers, add the SCIM provider.',
      'The provider’s page: Run sync again.',
    ],
  },
  other: {
    title: 'Another provider',
    guide: 'generic',
    steps: [
      'Give your identity provider the base address below, and a token as bearer token.',
      'Let it create, update and deactivate users, and push groups.',
    ],
  },
};
