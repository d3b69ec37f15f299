import { isDeepStrictEqual } from 'node:util';
import type { DirectoryDocument, DirectoryFederation } from '../../persistence/collections/directories.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import type { Core } from '../core.js';
import { outboundFault } from '../web-address.js';

export type { DirectoryFederation } from '../../persistence/collections/directories.js';

/** How long an access token of a directory may live, seconds. */
export const tokenLife = { min: 900, max: 21_600, default: 3600 } as const;

/** How a directory gives access tokens. */
export interface TokenRules {
  tokenSeconds?: number | undefined;
  /** null: none. */
  federation?: DirectoryFederation | null | undefined;
}

/** How long access tokens of this directory live, seconds. */
export function tokenSecondsOf({ tokenSeconds }: TokenRules): number {
  return tokenSeconds ?? tokenLife.default;
}

/** @throws AppError `input.invalid` for what does not hold. */
export function requireTokenRules(core: Core, { tokenSeconds, federation }: TokenRules): void {
  const errors: InputFault[] = [];
  const { min, max } = tokenLife;
  if (tokenSeconds !== undefined && !(tokenSeconds >= min && tokenSeconds <= max)) {
    errors.push({ pointer: '/tokenSeconds', detail: `must be between ${min} and ${max}` });
  }
  const detail = federation ? outboundFault(core, federation.issuer) : undefined;
  if (detail !== undefined) errors.push({ pointer: '/federation/issuer', detail });
  if (errors.length > 0) throw new AppError('input.invalid', 'the directory is not valid', { errors });
}

/** The audience of tokens that Entra ID makes for workloads of others, unless another one is asked for. */
const entraAudience = 'api://AzureADTokenExchange';

export interface FederationInput {
  subject: string;
  issuer?: string | undefined;
  audience?: string | undefined;
  /** The directory (tenant) id in Entra ID: in place of the issuer. */
  entraTenantId?: string | undefined;
}

/**
 * A federation as it is stored. For Entra ID its tenant id is enough: issuer and audience are known.
 *
 * @throws AppError `input.invalid`.
 */
export function federationOf({ subject, entraTenantId, ...input }: FederationInput): DirectoryFederation {
  if (entraTenantId !== undefined && input.issuer === undefined) {
    const issuer = `https://login.microsoftonline.com/${entraTenantId}/v2.0`;
    return { issuer, subject, audience: input.audience ?? entraAudience };
  }
  const { issuer, audience } = input;
  if (issuer !== undefined && audience !== undefined && entraTenantId === undefined) {
    return { issuer, subject, audience };
  }
  const detail = 'must hold issuer, subject and audience, or entraTenantId and subject';
  const errors = [{ pointer: '/federation', detail }];
  throw new AppError('input.invalid', 'the directory is not valid', { errors });
}

/** The federation a change leads to, under a new id when it is another one. */
export function changedFederation(
  before: Pick<DirectoryDocument, 'federation' | 'federationId'>,
  wanted: DirectoryFederation | null | undefined,
): Pick<DirectoryDocument, 'federation' | 'federationId'> {
  const { federation = null, federationId = null } = before;
  if (wanted === undefined || isDeepStrictEqual(wanted, federation)) return { federation, federationId };
  return { federation: wanted, federationId: wanted && newId() };
}

const queryOf = ({ issuer, subject, audience }: DirectoryFederation) => ({
  'federation.issuer': issuer,
  'federation.subject': subject,
  'federation.audience': audience,
});

/**
 * A workload speaks for directories of one tenant alone: else another tenant could take in what is meant for this one.
 *
 * @throws AppError `directory.federation_taken`.
 */
export function* requireFreeFederation(
  tx: Transaction,
  tenantId: string,
  federation: DirectoryFederation,
): Step<void> {
  const same = yield* tx.server.collection('directories').find(queryOf(federation));
  if (same.every((directory) => directory.tenantId === tenantId)) return;
  throw new AppError(
    'directory.federation_taken',
    'another organization has this federation: choose another audience',
    { errors: [{ pointer: '/federation', detail: 'is taken: choose another audience' }] },
  );
}

/** The directories that take assertions of this issuer for this subject; of them the audience decides. */
export function findFederated(core: Core, issuer: string, subject: string): Promise<DirectoryDocument[]> {
  return core.store.server
    .collection('directories')
    .find({ 'federation.issuer': issuer, 'federation.subject': subject });
}
