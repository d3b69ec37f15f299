import { createGuardedFetch, nameFault } from '../../../infrastructure/guarded-fetch.js';
import type {
  SamlAttributeMapping,
  SamlSettings,
  SsoConnectionDocument,
} from '../../../persistence/collections/sso-connections.js';
import { AppError, type InputFault } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { service } from '../../../shared/services.js';
import type { Core } from '../../core.js';
import { outboundFault } from '../../web-address.js';
import { certificateFault, normalCertificate } from './certificates.js';
import { readIdpMetadata, UnusableMetadata, type IdpMetadata } from './idp-metadata.js';
import { makeKeyPair } from './key-pair.js';

/** What an administrator says of a SAML provider; what is absent stays. */
export interface SamlInput {
  /** XML. */
  idpMetadata?: string | undefined;
  /** null: not read again. */
  idpMetadataUrl?: string | null | undefined;
  idpEntityId?: string | undefined;
  idpSsoUrl?: string | undefined;
  /** null: it takes no logout requests. */
  idpSloUrl?: string | null | undefined;
  singleLogout?: boolean | undefined;
  /** PEM, or its base64. */
  idpCertificates?: readonly string[] | undefined;
  attributeMapping?: { [K in keyof SamlAttributeMapping]?: string | null | undefined } | undefined;
  subjectFrom?: string | undefined;
}

/** A SAML connection as stored. */
export type SamlConnection = SsoConnectionDocument & { saml: SamlSettings };

/** Whether people sign in there by SAML. */
export function isSaml(connection: SsoConnectionDocument): connection is SamlConnection {
  return connection.protocol === 'saml' && connection.saml !== undefined;
}

/** Whether answers of the provider can be checked. */
export function hasProviderKey({ issuer, saml }: Pick<SamlConnection, 'issuer' | 'saml'>): boolean {
  return issuer !== '' && saml.idpSsoUrl !== null && saml.idpCertificates.length > 0;
}

const maxCertificates = 10;
const maxEntityIdLength = 1024;
const metadataTimeoutMs = 5000;

const invalid = (errors: InputFault[]): AppError =>
  new AppError('input.invalid', 'the connection is not valid', { errors });

const fetchOf = service(({ config }: Core) =>
  createGuardedFetch({ allowPrivate: config.allowPrivateIssuers, timeoutMs: metadataTimeoutMs }),
);

/** What is wrong with what metadata say, in words. */
function metadataFault(
  core: Core,
  { entityId, ssoUrl, sloUrl, certificates }: IdpMetadata,
): string | undefined {
  const address = outboundFault(core, ssoUrl) ?? (sloUrl === null ? undefined : outboundFault(core, sloUrl));
  if (address !== undefined) return `the address of its sign-in ${address}`;
  if (entityId.length > maxEntityIdLength) return 'the entity id is too long';
  return certificates.length > maxCertificates
    ? `names more than ${maxCertificates} certificates`
    : undefined;
}

function usable(core: Core, text: string): IdpMetadata {
  const metadata = readIdpMetadata(text);
  const fault = metadataFault(core, metadata);
  if (fault !== undefined) throw new UnusableMetadata(fault);
  return metadata;
}

/**
 * Reads a provider's metadata from their address.
 *
 * @throws {@link UnusableMetadata}, `OutboundRefused`, network errors.
 */
export async function fetchIdpMetadata(core: Core, url: string): Promise<IdpMetadata> {
  const response = await fetchOf(core)(url, {
    headers: { accept: 'application/samlmetadata+xml, */*;q=0.5' },
  });
  if (response.status !== 200)
    throw new UnusableMetadata(`the address answered with HTTP ${response.status}`);
  return usable(core, await response.text());
}

/** Why metadata could not be read, in words for an administrator. */
export function metadataReason(error: unknown): string {
  if (!(error instanceof Error)) return 'could not be read';
  const unnamed = nameFault(error);
  if (unnamed !== undefined) return `the address could not be reached: ${unnamed}`;
  return error.message === 'fetch failed' ? 'the address could not be reached' : error.message;
}

async function metadataIn(core: Core, input: SamlInput): Promise<IdpMetadata | undefined> {
  const { idpMetadata, idpMetadataUrl } = input;
  const pointer = idpMetadata === undefined ? '/idpMetadataUrl' : '/idpMetadata';
  try {
    if (idpMetadata !== undefined) return usable(core, idpMetadata);
    return idpMetadataUrl ? await fetchIdpMetadata(core, idpMetadataUrl) : undefined;
  } catch (error) {
    throw invalid([{ pointer, detail: metadataReason(error) }]);
  }
}

const isName = (text: string): boolean => text.trim() === text && text !== '' && !/\p{Cc}/u.test(text);

function certificateFaults(certificates: readonly string[]): InputFault[] {
  const pointer = '/idpCertificates';
  if (certificates.length === 0) return [{ pointer, detail: 'must name at least one certificate' }];
  if (certificates.length > maxCertificates)
    return [{ pointer, detail: `must be at most ${maxCertificates} certificates` }];
  return certificates.flatMap((text, index) => {
    const detail = certificateFault(text);
    return detail === undefined ? [] : [{ pointer: `${pointer}/${index}`, detail }];
  });
}

/** What is wrong with each field by itself. */
function samlFaults(core: Core, input: SamlInput): InputFault[] {
  const { idpCertificates, idpEntityId, idpMetadata, idpMetadataUrl, idpSloUrl, idpSsoUrl, subjectFrom } =
    input;
  const names = { idpEntityId, subjectFrom };
  const mapped = Object.entries(input.attributeMapping ?? {}).map(
    ([name, value]) => [`attributeMapping/${name}`, value ?? undefined] as const,
  );
  const unreadable = [...Object.entries(names), ...mapped]
    .filter(([, value]) => value !== undefined && (!isName(value) || value.length > maxEntityIdLength))
    .map(([name]) => ({ pointer: `/${name}`, detail: 'must be a name without spaces around it' }));
  const addresses = Object.entries({ idpSsoUrl, idpSloUrl, idpMetadataUrl }).flatMap(([name, value]) => {
    const detail = value ? outboundFault(core, value) : undefined;
    return detail === undefined ? [] : [{ pointer: `/${name}`, detail }];
  });
  const isTwice = idpMetadata !== undefined && Boolean(idpMetadataUrl);
  const twice = { pointer: '/idpMetadata', detail: 'give the metadata or their address, not both' };
  return [
    ...(idpCertificates ? certificateFaults(idpCertificates) : []),
    ...unreadable,
    ...addresses,
    ...(isTwice ? [twice] : []),
  ];
}

/** What a change says of the provider, with the metadata read. */
export interface ResolvedSaml {
  input: SamlInput;
  metadata: IdpMetadata | undefined;
}

/**
 * Checks what an administrator says of a SAML provider, and reads its metadata.
 *
 * @throws AppError `input.invalid`.
 */
export async function resolveSaml(core: Core, input: SamlInput): Promise<ResolvedSaml> {
  const errors = samlFaults(core, input);
  if (errors.length > 0) throw invalid(errors);
  return { input, metadata: await metadataIn(core, input) };
}

const noMapping: SamlAttributeMapping = { email: null, givenName: null, familyName: null, groups: null };

/** What a SAML connection begins with: keys of its own, and nothing known of the provider. */
export async function newSamlSettings(core: Core): Promise<SamlSettings> {
  const [signing, encryption] = await Promise.all([makeKeyPair(core), makeKeyPair(core)]);
  return {
    idpSsoUrl: null,
    idpSloUrl: null,
    idpCertificates: [],
    idpMetadataUrl: null,
    metadataReadAt: null,
    metadataFault: null,
    refreshId: null,
    attributeMapping: noMapping,
    subjectFrom: 'nameId',
    signing,
    encryption,
  };
}

type Provider = Pick<SamlConnection, 'issuer' | 'saml'>;

/** Read again from now on, and not by the job of before. */
function refreshOf(before: SamlSettings, { input, metadata }: ResolvedSaml, now: Date) {
  const isByHand = [input.idpMetadata, input.idpEntityId, input.idpSsoUrl, input.idpCertificates].some(
    (said) => said !== undefined,
  );
  const url =
    input.idpMetadataUrl === undefined ? (isByHand ? null : before.idpMetadataUrl) : input.idpMetadataUrl;
  const isRead = metadata !== undefined;
  return {
    idpMetadataUrl: url,
    metadataReadAt: isRead ? now : before.metadataReadAt,
    metadataFault: isRead || url === null ? null : before.metadataFault,
    refreshId: url === null ? null : input.idpMetadataUrl ? newId() : before.refreshId,
  };
}

/**
 * The provider's part of a SAML connection as a change leaves it.
 *
 * @throws AppError `input.invalid` for another entity id without keys, and for what is only half a provider.
 */
export function changedSaml(before: Provider, resolved: ResolvedSaml, now: Date): Provider {
  const { input } = resolved;
  const { attributeMapping, subjectFrom } = before.saml;
  const said = saidProvider(resolved);
  const { certificates } = said;
  const issuer = said.entityId ?? before.issuer;
  if (before.issuer !== '' && issuer !== before.issuer && !certificates) {
    const detail = 'must be given again, or metadata: another provider has keys of its own';
    throw invalid([{ pointer: '/idpCertificates', detail }]);
  }
  const after: Provider = {
    issuer,
    saml: {
      ...before.saml,
      idpSsoUrl: said.ssoUrl ?? before.saml.idpSsoUrl,
      idpSloUrl: said.sloUrl === undefined ? before.saml.idpSloUrl : said.sloUrl,
      ...(input.singleLogout !== undefined && { singleLogout: input.singleLogout }),
      idpCertificates: certificates ? [...new Set(certificates)] : before.saml.idpCertificates,
      attributeMapping: input.attributeMapping ? mappingOf(input.attributeMapping) : attributeMapping,
      subjectFrom: input.subjectFrom ?? subjectFrom,
      ...refreshOf(before.saml, resolved, now),
    },
  };
  requireWhole(after);
  return after;
}

function mappingOf(said: NonNullable<SamlInput['attributeMapping']>): SamlAttributeMapping {
  const { email = null, givenName = null, familyName = null, groups = null } = said;
  return { email, givenName, familyName, groups };
}

/** Fields that stand by themselves come before the metadata's. */
function saidProvider({ input, metadata }: ResolvedSaml) {
  return {
    entityId: input.idpEntityId ?? metadata?.entityId,
    ssoUrl: input.idpSsoUrl ?? metadata?.ssoUrl,
    sloUrl: input.idpSloUrl === undefined ? metadata?.sloUrl : input.idpSloUrl,
    certificates: input.idpCertificates?.map(normalCertificate) ?? metadata?.certificates,
  };
}

/** Nothing of the provider, or all that a sign-in needs. */
function requireWhole({ issuer, saml }: Provider): void {
  const lacking = [
    ...(issuer === '' ? ['idpEntityId'] : []),
    ...(saml.idpSsoUrl === null ? ['idpSsoUrl'] : []),
    ...(saml.idpCertificates.length === 0 ? ['idpCertificates'] : []),
  ];
  if (lacking.length === 0 || lacking.length === 3) return;
  throw invalid(lacking.map((name) => ({ pointer: `/${name}`, detail: 'is needed beside the others' })));
}

/** Whether a change may hand the sign-ins of these people to another provider. */
export function isOtherSamlProvider(before: Provider, after: Provider, mayReplaceKeys: boolean): boolean {
  if (before.issuer === '') return false;
  if (before.issuer !== after.issuer || before.saml.subjectFrom !== after.saml.subjectFrom) return true;
  if (mayReplaceKeys) return false;
  const { idpCertificates: known, idpMetadataUrl: url } = before.saml;
  const isNewSource = after.saml.idpMetadataUrl !== null && after.saml.idpMetadataUrl !== url;
  return isNewSource || !after.saml.idpCertificates.some((certificate) => known.includes(certificate));
}
