import type {
  ClientAuthMethod,
  ClientKeys,
  SsoConnectionDocument,
  SsoMode,
  SsoProtocol,
} from '../../persistence/collections/sso-connections.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import { changedJit, type JitMode } from './jit.js';
import { changedCredentials } from './client-credentials.js';
import { connectionKeyFault } from './connection-address.js';
import {
  domainFault,
  domainsOf,
  subdomainsFault,
  unproven,
  verifiedOf,
  type ConnectionDomainInput,
} from './domains.js';
import type { Actor, Core } from '../core.js';
import { holdsEverything } from '../permissions.js';
import type { RoleRuleInput } from '../grants/rules.js';
import { sharedIssuerFault, type TenantClaim } from './shared-issuers.js';
import { outboundFault } from '../web-address.js';
import {
  changedSaml,
  hasProviderKey,
  isOtherSamlProvider,
  isSaml,
  newSamlSettings,
  resolveSaml,
  type ResolvedSaml,
  type SamlConnection,
  type SamlInput,
} from './saml/saml-settings.js';

export interface SsoConnectionInput extends SamlInput {
  name: string;
  /** Absent: `oidc`. It never changes. */
  protocol?: SsoProtocol | undefined;
  /** Part of the connection's addresses; null: its id is. */
  key?: string | null | undefined;
  /** Of OpenID connections, which need it, and the client id. */
  issuer?: string | undefined;
  clientId?: string | undefined;
  /** null: a public client. */
  clientSecret?: string | null | undefined;
  /** null: not known. */
  clientSecretExpiresAt?: Date | null | undefined;
  /** null: the one before the present one is not tried any more. */
  previousClientSecret?: null | undefined;
  /** null: the provider's metadata decide. */
  clientAuthMethod?: ClientAuthMethod | null | undefined;
  /** What distinguishes the company's own people at a provider it shares with others. */
  tenantClaim?: TenantClaim | null | undefined;
  scopes?: readonly string[] | undefined;
  mode?: SsoMode | undefined;
  /** null: it stays required. */
  fallbackMinutes?: number | null | undefined;
  jitProvisioning?: boolean | undefined;
  jit?: JitMode | undefined;
  directoryId?: string | null | undefined;
  roleRules?: readonly RoleRuleInput[] | undefined;
  domains?: readonly ConnectionDomainInput[] | undefined;
}

/** What is absent or undefined stays. */
export type SsoConnectionChange = { [K in keyof SsoConnectionInput]?: SsoConnectionInput[K] | undefined };

const invalid = (errors: InputFault[]): AppError =>
  new AppError('input.invalid', 'the connection is not valid', { errors });

const ofOpenId = [
  ...(['issuer', 'clientId', 'clientSecret', 'clientSecretExpiresAt', 'clientAuthMethod'] as const),
  ...(['tenantClaim', 'scopes'] as const),
];
const ofSaml = [
  ...(['idpMetadata', 'idpMetadataUrl', 'idpEntityId', 'idpSsoUrl', 'idpCertificates'] as const),
  ...(['attributeMapping', 'subjectFrom', 'idpSloUrl', 'singleLogout'] as const),
];

/** Fields of the other protocol: said here they would do nothing. */
function foreignFields(protocol: SsoProtocol, input: SsoConnectionChange): InputFault[] {
  const foreign = protocol === 'saml' ? ofOpenId : ofSaml;
  const detail = `is of ${protocol === 'saml' ? 'OpenID' : 'SAML'} connections`;
  return foreign
    .filter((name) => input[name] !== undefined && input[name] !== null)
    .map((name) => ({ pointer: `/${name}`, detail }));
}

/** @throws AppError `input.invalid` naming every field that cannot be. */
export function requireValidConnection(core: Core, protocol: SsoProtocol, input: SsoConnectionChange): void {
  const errors: InputFault[] = foreignFields(protocol, input);
  const fault = (pointer: string, detail: string | undefined): void => {
    if (detail !== undefined) errors.push({ pointer, detail });
  };
  if (input.issuer !== undefined) fault('/issuer', outboundFault(core, input.issuer));
  if (input.key) fault('/key', connectionKeyFault(input.key));
  else if (input.key === '') fault('/key', 'must not be empty');
  input.domains?.forEach((entry, index) => {
    fault(`/domains/${index}/domain`, domainFault(entry.domain));
    fault(`/domains/${index}/subdomains`, subdomainsFault(entry));
  });
  if (input.clientId === '') fault('/clientId', 'must not be empty');
  if (errors.length > 0) throw invalid(errors);
}

/** @throws AppError `input.invalid` for a provider that everybody shares. */
function requireOwnProvider(connection: {
  issuer: string;
  tenantClaim?: TenantClaim | null | undefined;
}): void {
  const fault = sharedIssuerFault(connection);
  if (fault) throw invalid([fault]);
}

/** Only the operator says without a proof whose a domain is. */
export const mayVerify = (actor: Actor): boolean =>
  actor.party.type === 'system' || actor.party.type === 'operator';

type Provider = Pick<SsoConnectionDocument, 'issuer' | 'clientId' | 'tenantClaim'>;

const providerText = ({ issuer, clientId, tenantClaim }: Provider): string =>
  JSON.stringify([new URL(issuer).href, clientId, tenantClaim?.claim ?? null, tenantClaim?.value ?? null]);

function isOtherProvider(before: Provider, after: Provider): boolean {
  return providerText(before) !== providerText(after);
}

/**
 * A provider that changes is a new provider: the old one's secret is not sent to it, an actor without every permission proves the domains
 * again, and whom the old one has signed in stays connected to the old one ({@link mayRelink}).
 */
function asNewProvider(
  actor: Actor,
  before: SsoConnectionDocument,
  after: SsoConnectionDocument,
  now: Date,
): SsoConnectionDocument {
  const domains = holdsEverything(actor) ? after.domains : after.domains.map((entry) => unproven(entry, now));
  return {
    ...after,
    domains,
    verifiedDomains: verifiedOf(domains),
    // What the earlier provider took is not sent to another one.
    ...(after.previousSecret && { previousSecret: null }),
    providerVersion: (before.providerVersion ?? 0) + 1,
  };
}

/** null is said on purpose; undefined is not said. */
function given<T>(said: T | null | undefined, before: T | null | undefined): T | null {
  return said === undefined ? (before ?? null) : said;
}

function changedKey(
  { key: before, keys = [] }: SsoConnectionDocument,
  said: string | null | undefined,
): Pick<SsoConnectionDocument, 'key' | 'keys'> {
  const key = given(said, before);
  return { key, keys: key === null || keys.includes(key) ? keys : [...keys, key] };
}

/** @throws AppError `auth.forbidden` when somebody below an administrator adds a key: whoever has it can say that they are anybody. */
function requireKnownKeys(
  actor: Actor,
  before: SamlConnection,
  { saml: after }: SamlConnection,
  said: ResolvedSaml | undefined,
): void {
  const isSaid = said?.input.idpCertificates !== undefined || said?.input.idpMetadata !== undefined;
  const known = before.saml.idpCertificates;
  if (!isSaid || known.length === 0 || holdsEverything(actor)) return;
  if (after.idpCertificates.every((certificate) => known.includes(certificate))) return;
  throw new AppError('auth.forbidden', 'only an administrator may add a certificate to those that are known');
}

/** Another provider by SAML: the same as by OpenID, but that its keys came with the change. */
function samlProvider(
  core: Core,
  actor: Actor,
  before: SsoConnectionDocument,
  { after, saml }: { after: SsoConnectionDocument; saml: ResolvedSaml | undefined },
): SsoConnectionDocument {
  if (!isSaml(before)) return after;
  const provider = saml ? changedSaml(before, saml, core.clock.now()) : before;
  const wanted = { ...after, issuer: provider.issuer, saml: provider.saml };
  if (wanted.mode !== 'off' && !hasProviderKey(wanted)) {
    const detail = 'must be off until the provider is known: give its metadata first';
    throw invalid([{ pointer: '/mode', detail }]);
  }
  if (!isOtherSamlProvider(before, wanted, holdsEverything(actor))) {
    requireKnownKeys(actor, before, wanted, saml);
    return wanted;
  }
  return asNewProvider(actor, before, wanted, core.clock.now());
}

/** A change with what was read or made for it. */
export interface ResolvedChange {
  change: SsoConnectionChange;
  saml: ResolvedSaml | undefined;
  keys: ClientKeys | undefined;
}

/**
 * A connection as a change leaves it.
 *
 * @param resolved - the change, what it says of a SAML provider, keys made for it.
 * @throws AppError `input.invalid` when another provider is named without its secret or keys, or one that everybody shares.
 */
export function changedConnection(
  core: Core,
  actor: Actor,
  before: SsoConnectionDocument,
  { change, saml, keys }: ResolvedChange,
): SsoConnectionDocument {
  const after = withChange(core, actor, before, change, keys);
  if (isSaml(before)) return samlProvider(core, actor, before, { after, saml });
  if (isDraft(after)) return requireOff(after);
  if (!isDraft(before) && !isOtherProvider(before, after)) return after;
  requireOwnProvider(after);
  if (isDraft(before)) return after;
  if (after.clientSecret !== null && change.clientSecret === undefined) {
    const detail = 'must be given again: another provider or client has a secret of its own';
    throw invalid([{ pointer: '/clientSecret', detail }]);
  }
  return asNewProvider(actor, before, after, core.clock.now());
}

/** Whether nobody has said yet which provider it is. */
export const isDraft = ({ issuer, protocol = 'oidc' }: SsoConnectionDocument): boolean =>
  protocol === 'oidc' && issuer === '';

function requireOff(connection: SsoConnectionDocument): SsoConnectionDocument {
  if (connection.mode === 'off') return connection;
  throw invalid([{ pointer: '/mode', detail: 'must be off until the provider is known' }]);
}

function withChange(
  core: Core,
  actor: Actor,
  before: SsoConnectionDocument,
  change: SsoConnectionChange,
  keys: ClientKeys | undefined,
): SsoConnectionDocument {
  const domains = change.domains
    ? domainsOf(change.domains, before.domains, mayVerify(actor), core.clock.now())
    : before.domains;
  return {
    ...before,
    name: change.name ?? before.name,
    ...changedKey(before, change.key),
    issuer: change.issuer ?? before.issuer,
    clientId: change.clientId ?? before.clientId,
    ...changedCredentials(core, before, change, keys),
    tenantClaim: given(change.tenantClaim, before.tenantClaim),
    scopes: [...(change.scopes ?? before.scopes)],
    mode: change.mode ?? before.mode,
    fallbackMinutes: given(change.fallbackMinutes, before.fallbackMinutes),
    ...changedJit(before, change),
    directoryId: given(change.directoryId, before.directoryId),
    domains,
    verifiedDomains: verifiedOf(domains),
  };
}

/** Whether the provider was changed and no administrator has yet allowed to connect people to the new one. */
export function needsRelink({
  providerVersion = 0,
  relinkVersion = 0,
}: Pick<SsoConnectionDocument, 'providerVersion' | 'relinkVersion'>): boolean {
  return providerVersion > relinkVersion;
}

/** Whether an identity was last used before the provider was changed. */
export function isOfEarlierProvider(
  connection: Pick<SsoConnectionDocument, 'providerVersion'>,
  identity: { providerVersion?: number },
): boolean {
  return (identity.providerVersion ?? 0) < (connection.providerVersion ?? 0);
}

/**
 * Whether somebody known waits for an administrator's word. A SAML provider's name is no proof: under it, other keys could say that they are
 * anybody.
 */
export const awaitsRelink = (
  connection: Pick<SsoConnectionDocument, 'protocol' | 'providerVersion' | 'relinkVersion'>,
  identity: { providerVersion?: number },
): boolean =>
  connection.protocol === 'saml' && needsRelink(connection) && isOfEarlierProvider(connection, identity);

/** Whether an identity of an earlier provider of the connection may give way to one of the present provider. */
export function mayRelink(
  connection: Pick<SsoConnectionDocument, 'providerVersion' | 'relinkVersion'>,
  identity: { providerVersion?: number },
): boolean {
  return !needsRelink(connection) && isOfEarlierProvider(connection, identity);
}

function requireOpenIdProvider(
  input: SsoConnectionInput,
  isDraft: boolean,
): { issuer: string; clientId: string } {
  const { issuer, clientId, tenantClaim } = input;
  if (isDraft) return { issuer: '', clientId: '' };
  if (issuer !== undefined && clientId !== undefined) {
    requireOwnProvider({ issuer, tenantClaim });
    return { issuer, clientId };
  }
  const lacking = [
    ...(issuer === undefined ? ['issuer'] : []),
    ...(clientId === undefined ? ['clientId'] : []),
  ];
  throw invalid(lacking.map((name) => ({ pointer: `/${name}`, detail: 'is needed' })));
}

type NewProvider = Pick<SsoConnectionDocument, 'protocol' | 'saml' | 'issuer' | 'clientId'>;

/**
 * The provider's part of a connection that is made.
 *
 * @throws AppError `input.invalid`.
 */
export async function newProvider(
  core: Core,
  input: SsoConnectionInput,
  isDraft: boolean,
): Promise<NewProvider> {
  const { protocol = 'oidc', mode = 'off' } = input;
  requireValidConnection(core, protocol, input);
  if (protocol === 'oidc') return requireOpenIdProvider(input, isDraft);
  const resolved = await resolveSaml(core, input);
  const before = { issuer: '', saml: await newSamlSettings(core) };
  const provider = changedSaml(before, resolved, core.clock.now());
  if (mode !== 'off' && !hasProviderKey(provider)) {
    const detail = 'must be off until the provider is known: give its metadata';
    throw invalid([{ pointer: '/mode', detail }]);
  }
  return { protocol, clientId: '', ...provider };
}
