import type { AuditParty } from '../../persistence/collections/events.js';
import {
  signingAlgorithms,
  type ApplicationClaim,
  type ApplicationDocument,
  type ApplicationKind,
  type ApplicationResource,
  type Reach,
  type SigningAlgorithm,
} from '../../persistence/collections/applications.js';
import type { AccessRule } from '../../persistence/collections/tenants.js';
import type { NewDocument } from '../../persistence/store.js';
import { hashToken, newId } from '../../shared/ids.js';

/** A role of an application, as it comes with the application. */
export interface ApplicationRoleInput {
  key: string;
  name: string;
  description?: string | undefined;
  permissions: readonly string[];
}

export interface ApplicationInput {
  /** Letters, digits, `_` and `-`: the prefix of its roles. */
  key: string;
  name: string;
  /** Unique over the server; absent: a new random one. */
  clientId?: string | undefined;
  /** Absent: a new random one; null: a public client (PKCE alone). */
  clientSecret?: string | null | undefined;
  /** Absent: by its secret and its addresses. */
  kind?: ApplicationKind | undefined;
  redirectUris: readonly string[];
  postLogoutRedirectUris?: readonly string[] | undefined;
  backchannelLogoutUri?: string | null | undefined;
  /** What its ID and logout tokens are signed with; absent: RS256. */
  idTokenSignedResponseAlg?: SigningAlgorithm | undefined;
  /** Whether it may ask for `scim:me`, the person's own SCIM resource; absent: no. */
  allowScimMe?: boolean | undefined;
  /** Whether it has to use PKCE; false for confidential applications only. Absent: yes. */
  requirePkce?: boolean | undefined;
  /** APIs it may get access tokens for; absent: none. */
  resources?: readonly Readonly<ApplicationResource>[] | undefined;
  /** Whether its tokens have to be bound to a key of its own; absent: no. */
  requireDpop?: boolean | undefined;
  /** Whether it has to push its authorization requests; absent: no. */
  requirePar?: boolean | undefined;
  /** Seconds; for applications with a secret. Absent: 0. */
  refreshOverlapSeconds?: number | undefined;
  /** Whether people are asked before it gets anything; absent: no. */
  isThirdParty?: boolean | undefined;
  /** Claims made of user attributes; absent: none. */
  claims?: readonly ApplicationClaim[] | undefined;
  enabled?: boolean | undefined;
  /** All its roles; absent: none for a new application, unchanged for another. */
  roles?: readonly ApplicationRoleInput[] | undefined;
  /** Of an application of the server alone: the slugs of the tenants it serves. */
  tenants?: 'all' | readonly string[] | undefined;
}

/** What is absent or undefined stays. */
export type ApplicationChange = {
  [K in Exclude<keyof ApplicationInput, 'key'>]?: ApplicationInput[K] | undefined;
} & {
  /** Of a tenant's own application: who may use it. */
  access?: AccessInput | undefined;
};

/** Who may use an application, as it comes from outside. */
export interface AccessInput {
  by: AccessRule['by'];
  /** Keys of roles, with or without the application's prefix; absent: as they are. */
  roles?: readonly string[] | undefined;
  /** Ids of groups; absent: as they are. */
  groups?: readonly string[] | undefined;
}

const [defaultAlgorithm] = signingAlgorithms;

/** What an application's ID and logout tokens are signed with. */
export function signedResponseAlg(application: ApplicationDocument): SigningAlgorithm {
  return application.idTokenSignedResponseAlg ?? defaultAlgorithm;
}

export const duplicates = {
  applications_key: {
    code: 'application.key_taken',
    message: 'the key is taken by another application',
    pointer: '/key',
  },
  applications_client_id: {
    code: 'application.client_id_taken',
    message: 'the client id is taken',
    pointer: '/clientId',
  },
} as const;

/** An application as the audit trail names it. */
export const partyOf = ({ _id, key }: Pick<ApplicationDocument, '_id' | 'key'>): AuditParty => ({
  type: 'application',
  id: _id,
  label: key,
});

/** Fields that are left out where they say what absence says. */
function optionalFields(input: ApplicationInput) {
  const { kind, requireDpop, requirePar, refreshOverlapSeconds, isThirdParty, resources = [] } = input;
  return {
    ...(kind && { kind }),
    ...(resources.length > 0 && { resources: copyOf(resources) }),
    ...(requireDpop && { requireDpop }),
    ...(requirePar && { requirePar }),
    ...(refreshOverlapSeconds && { refreshOverlapSeconds }),
    ...(isThirdParty && { isThirdParty }),
  };
}

const copyOf = (resources: readonly Readonly<ApplicationResource>[]): ApplicationResource[] =>
  resources.map(({ resource, scopes }) => ({ resource, scopes: [...scopes] }));

/**
 * A new application as it is stored.
 *
 * @param owner - the tenant, or `server`.
 */
export function newApplication(
  owner: string,
  input: ApplicationInput,
  clientSecret: string | null,
): NewDocument<ApplicationDocument> {
  return {
    _id: newId(),
    tenantId: owner,
    key: input.key,
    name: input.name,
    clientId: input.clientId ?? newId(),
    clientSecretHash: clientSecret === null ? null : hashToken(clientSecret),
    redirectUris: [...input.redirectUris],
    postLogoutRedirectUris: [...(input.postLogoutRedirectUris ?? [])],
    backchannelLogoutUri: input.backchannelLogoutUri ?? null,
    idTokenSignedResponseAlg: input.idTokenSignedResponseAlg ?? defaultAlgorithm,
    ...optionalFields(input),
    allowScimMe: input.allowScimMe ?? false,
    requirePkce: input.requirePkce ?? true,
    claims: [...(input.claims ?? [])],
    enabled: input.enabled ?? true,
  };
}

/** A secret that is given or taken away ends the one before it as well. */
export const noPrevious = { previousSecretHash: null, previousSecretUntil: null };

/** An application with a change; its roles, tenants and access rule are changed elsewhere. */
export function changedApplication(
  before: ApplicationDocument,
  { roles: _roles, tenants: _tenants, access: _access, ...change }: ApplicationChange,
): ApplicationDocument {
  const { clientSecret, redirectUris, postLogoutRedirectUris, claims, resources, ...rest } = change;
  const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const hash = clientSecret === null ? null : hashToken(clientSecret ?? '');
  const isNewSecret = clientSecret !== undefined && hash !== before.clientSecretHash;
  return {
    ...before,
    ...said,
    key: before.key,
    redirectUris: [...(redirectUris ?? before.redirectUris)],
    postLogoutRedirectUris: [...(postLogoutRedirectUris ?? before.postLogoutRedirectUris)],
    ...(claims && { claims: [...claims] }),
    ...(resources && { resources: copyOf(resources) }),
    ...(isNewSecret && { clientSecretHash: hash, ...noPrevious }),
  };
}

/** What the audit trail says of an application; no secret. */
export function auditable(application: ApplicationDocument): Record<string, unknown> {
  const { name, clientId, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, enabled } = application;
  const { allowScimMe = false, requirePkce = true, claims = [], servedTenants } = application;
  const { kind, resources, requireDpop, requirePar, refreshOverlapSeconds, isThirdParty } = application;
  const idTokenSignedResponseAlg = signedResponseAlg(application);
  const said = { kind, resources, requireDpop, requirePar, refreshOverlapSeconds, isThirdParty };
  return {
    ...{ name, clientId, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, enabled },
    ...{ idTokenSignedResponseAlg, allowScimMe, requirePkce, claims },
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
    ...(servedTenants !== undefined && { tenants: [...[servedTenants].flat()] as Reach }),
  };
}
