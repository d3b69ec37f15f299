import { authentik } from './authentik.js';
import { connid } from './connid.js';
import { entra, entraRfc } from './entra.js';
import { google } from './google.js';
import { jumpcloud } from './jumpcloud.js';
import { keycloak } from './keycloak.js';
import { okta } from './okta.js';
import { onelogin } from './onelogin.js';
import { ping } from './ping.js';
import type { Profile, ProfileName } from './profile.js';
import { wso2 } from './wso2.js';

const profiles: Readonly<Record<ProfileName, Profile>> = {
  okta,
  entra,
  'entra-rfc': entraRfc,
  onelogin,
  jumpcloud,
  google,
  ping,
  authentik,
  keycloak,
  wso2,
  connid,
};

/** The identity provider of that name. */
export function profileNamed(name: ProfileName): Profile {
  return profiles[name];
}
