import type { SamlAttributeMapping } from '../../persistence/collections/sso-connections.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { hashToken } from '../../shared/ids.js';
import { signedResponseAlg, type ApplicationDocument } from '../applications/applications.js';
import { sameIf, type Fields } from './comparison.js';
import { exportUser } from './export.js';
import type { BootstrapConnection, BootstrapUser } from './schema.js';
import type { Core } from '../core.js';
import { normalDomain } from '../email.js';
import { type TenantConfig } from '../tenants/config.js';
import { ownValues } from '../users/own-attributes.js';
import { openClientSecret, type SsoConnectionDocument } from '../sso/connections.js';
import { settingsOf } from '../tenants/settings.js';
import type { TenantDocument } from '../tenants/tenants.js';

export function shownApplication(
  clientSecret: string | null | undefined,
  document: ApplicationDocument,
): Fields {
  const hash = clientSecret ? hashToken(clientSecret) : null;
  return {
    ...{
      resources: [],
      requireDpop: false,
      requirePar: false,
      refreshOverlapSeconds: 0,
      isThirdParty: false,
    },
    ...document,
    idTokenSignedResponseAlg: signedResponseAlg(document),
    clientSecret: sameIf(hash === document.clientSecretHash, clientSecret),
  };
}

/** Certificates and metadata are not compared: a provider renews them. */
function shownSaml({ issuer, saml }: SsoConnectionDocument): Fields {
  if (!saml) return {};
  const { idpMetadataUrl, idpSloUrl, idpSsoUrl, singleLogout = false, subjectFrom } = saml;
  return { idpEntityId: issuer, idpMetadataUrl, idpSloUrl, idpSsoUrl, singleLogout, subjectFrom };
}

export function shownConnection(
  core: Core,
  entry: BootstrapConnection,
  document: SsoConnectionDocument,
): Fields {
  const { domains = [], clientSecret = null } = entry;
  const stands = ({ domain, verified }: (typeof domains)[number]): boolean => {
    const stored = document.domains.find((other) => other.domain === normalDomain(domain));
    return stored !== undefined && (verified === undefined || stored.verified === verified);
  };
  const isSame = domains.every(stands) && domains.length === document.domains.length;
  return {
    ...document,
    ...shownSaml(document),
    roleRules: document.roleRules?.map(({ when, grant }) => ({ when, grant })) ?? [],
    attributeMapping: sameIf(
      Object.entries(entry.attributeMapping ?? {}).every(
        ([name, value]) => document.saml?.attributeMapping[name as keyof SamlAttributeMapping] === value,
      ),
      entry.attributeMapping,
    ),
    domains: sameIf(isSame, domains),
    clientSecret: sameIf(openClientSecret(core, document) === clientSecret, clientSecret),
  };
}

export function shownUser(
  entry: BootstrapUser,
  user: UserDocument,
  { isPasswordKept, config }: { isPasswordKept: boolean; config: TenantConfig },
): Fields {
  const exported: Fields = exportUser(user, config);
  const own = ownValues(user, config);
  const named = Object.keys(entry.attributes ?? {}).map((name) => [name, own[name] ?? null]);
  const { roles: shownRoles = [], invitedRoles = [] } = exported as {
    roles?: string[];
    invitedRoles?: string[];
  };
  // What came with an invitation elsewhere is given by the file here.
  const byFile = new Set([...shownRoles, ...invitedRoles]);
  const given = [...byFile].filter(
    (role) => (entry.roles ?? []).includes(role) || !(entry.invitedRoles ?? []).includes(role),
  );
  const nothing: Fields = {
    approved: true,
    activated: true,
    limitedProducts: [],
    services: [],
    userProfileAccess: false,
  };
  const isOurs = user.directoryId === null;
  const shown = Object.keys(entry).map((name) => [name, exported[name] ?? nothing[name] ?? null]);
  const profile = ['email', 'userName', 'givenName', 'familyName', 'displayName', 'phone', 'attributes'];
  // Of a provisioned user these are the directory's.
  const theirs = isOurs ? {} : Object.fromEntries(profile.map((name) => [name, undefined]));
  return {
    ...(Object.fromEntries(shown) as Fields),
    userName: user.userName,
    attributes: Object.fromEntries(named) as Fields,
    roles: given,
    invitedRoles: sameIf(entry.invitedRoles?.every((role) => byFile.has(role)) ?? true, entry.invitedRoles),
    password: sameIf(isPasswordKept, entry.password),
    ...theirs,
  };
}

export function shownTenant(tenant: TenantDocument): Fields {
  const settings = Object.entries(settingsOf(tenant)).map(([name, value]) => [`settings["${name}"]`, value]);
  return { ...tenant, ...(Object.fromEntries(settings) as Fields) };
}
