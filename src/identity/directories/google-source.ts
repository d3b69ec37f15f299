import { createPrivateKey } from 'node:crypto';
import type {
  DirectoryDocument,
  DirectoryKind,
  GoogleSource,
} from '../../persistence/collections/directories.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { parseEmail } from '../email.js';
import { outboundFault } from '../web-address.js';

export type { GoogleSource } from '../../persistence/collections/directories.js';

/** The key file of a service account, as Google's console gives it out: parsed or as text. */
export type ServiceAccountInput = string | Readonly<Record<string, unknown>>;

/** What is absent or undefined stays, or is the default of a new directory. */
export interface GoogleSourceInput {
  administrator?: string | undefined;
  serviceAccount?: ServiceAccountInput | undefined;
  groups?: readonly string[] | undefined;
  organizationalUnits?: readonly string[] | undefined;
  pullMinutes?: number | undefined;
  maxLeavingPercent?: number | undefined;
  /** null: Google's own. */
  apiUrl?: string | null | undefined;
}

/** What signs in at Google for a directory. */
export interface ServiceAccount {
  clientEmail: string;
  /** Names the key to Google; null: it tries them all. */
  keyId: string | null;
  /** PEM. */
  privateKey: string;
}

export const googleLimits = {
  minPullMinutes: 5,
  maxPullMinutes: 60,
  /** Chosen groups, and chosen organizational units. */
  maxChosen: 100,
  minKeyBits: 2048,
} as const;

const sealPurpose = 'google-service-account';

function jsonOf(input: ServiceAccountInput): Readonly<Record<string, unknown>> {
  if (typeof input !== 'string') return input;
  try {
    const parsed: unknown = JSON.parse(input);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** What is wrong with a private key, in words that say nothing of it. */
function privateKeyFault(privateKey: string): string | undefined {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(privateKey);
    const isLong = (asymmetricKeyDetails?.modulusLength ?? 0) >= googleLimits.minKeyBits;
    if (asymmetricKeyType === 'rsa' && isLong) return undefined;
    return `private_key must be an RSA key of at least ${googleLimits.minKeyBits} bits`;
  } catch {
    return 'private_key must be a private key in PEM form';
  }
}

/** Reads a key file; a fault in words in place of one that cannot be. */
function readServiceAccount(input: ServiceAccountInput): ServiceAccount | string {
  const { type, client_email: email, private_key: privateKey, private_key_id: keyId } = jsonOf(input);
  if (type !== undefined && type !== 'service_account')
    return 'must be the JSON key file of a service account: its type is another one';
  if (typeof email !== 'string' || !parseEmail(email) || typeof privateKey !== 'string')
    return 'must be the JSON key file of a service account, with client_email and private_key';
  const fault = privateKeyFault(privateKey);
  return fault ?? { clientEmail: email, keyId: typeof keyId === 'string' ? keyId : null, privateKey };
}

function choiceFaults(name: 'groups' | 'organizationalUnits', values: readonly string[]): InputFault[] {
  const isUnit = name === 'organizationalUnits';
  const shape = isUnit ? /^\/(?:[^\p{Cc}'\\]*[^\p{Cc}'\\/])?$/u : /^[^\s/?#\p{Cc}]{1,320}$/u;
  const rule = isUnit
    ? 'must be a path such as /Sales, without a quote or a slash at its end'
    : 'must be an address or an id';
  const faults = values.flatMap((value, index) =>
    shape.test(value) && value.length <= 500 ? [] : [{ pointer: `/google/${name}/${index}`, detail: rule }],
  );
  if (values.length <= googleLimits.maxChosen) return faults;
  return [{ pointer: `/google/${name}`, detail: `at most ${googleLimits.maxChosen} are taken` }, ...faults];
}

function rangeFault(name: string, value: number, min: number, max: number): InputFault[] {
  if (Number.isInteger(value) && value >= min && value <= max) return [];
  return [{ pointer: `/google/${name}`, detail: `must be a whole number from ${min} to ${max}` }];
}

function faultsOf(core: Core, source: GoogleSource): InputFault[] {
  const { minPullMinutes, maxPullMinutes } = googleLimits;
  const faults = [
    ...choiceFaults('groups', source.groups),
    ...choiceFaults('organizationalUnits', source.organizationalUnits),
    ...rangeFault('pullMinutes', source.pullMinutes, minPullMinutes, maxPullMinutes),
    ...rangeFault('maxLeavingPercent', source.maxLeavingPercent, 1, 100),
  ];
  if (parseEmail(source.administrator)?.address !== source.administrator) {
    const detail = 'must be the address of an administrator of the Workspace';
    faults.push({ pointer: '/google/administrator', detail });
  }
  const addressFault = source.apiUrl === null ? undefined : outboundFault(core, source.apiUrl);
  if (addressFault !== undefined) faults.push({ pointer: '/google/apiUrl', detail: addressFault });
  return faults;
}

const withoutDoubles = (values: readonly string[]): string[] => [...new Set(values)];

function sealedAccount(
  core: Core,
  input: ServiceAccountInput,
): Pick<GoogleSource, 'serviceAccount' | 'serviceAccountEmail'> {
  const account = readServiceAccount(input);
  if (typeof account === 'string') {
    const errors = [{ pointer: '/google/serviceAccount', detail: account }];
    throw new AppError('input.invalid', 'the service account is not valid', { errors });
  }
  const serviceAccount = core.secretBox.seal(sealPurpose, JSON.stringify(account));
  return { serviceAccount, serviceAccountEmail: account.clientEmail };
}

/** A new source before anything is said of it. */
const blank: GoogleSource = {
  administrator: '',
  serviceAccount: null,
  serviceAccountEmail: null,
  groups: [],
  organizationalUnits: [],
  pullMinutes: 15,
  maxLeavingPercent: 20,
  apiUrl: null,
};

/** The sealed key file; nothing where none is given, or the one that is stored. */
function changedAccount(
  core: Core,
  before: GoogleSource,
  input: ServiceAccountInput | undefined,
): Partial<GoogleSource> {
  return input === undefined || isSameAccount(core, before, input) ? {} : sealedAccount(core, input);
}

/**
 * A source with an input put on it.
 *
 * @throws AppError `input.invalid` naming every field that cannot be.
 */
function changedSource(core: Core, before: GoogleSource, input: GoogleSourceInput): GoogleSource {
  const { serviceAccount, groups, organizationalUnits, ...others } = input;
  const said = Object.entries(others).filter(([, value]) => value !== undefined);
  const source: GoogleSource = {
    ...before,
    ...(Object.fromEntries(said) as Partial<GoogleSource>),
    ...changedAccount(core, before, serviceAccount),
    groups: withoutDoubles(groups ?? before.groups),
    organizationalUnits: withoutDoubles(organizationalUnits ?? before.organizationalUnits),
  };
  const errors = faultsOf(core, source);
  if (errors.length > 0) throw new AppError('input.invalid', 'the Google directory is not valid', { errors });
  return source;
}

const notGoogle = (): AppError =>
  new AppError('input.invalid', 'google belongs to a directory of the kind google', {
    errors: [{ pointer: '/google', detail: 'goes together with the kind "google"' }],
  });

type Kind = Pick<DirectoryDocument, 'kind' | 'google'>;

/**
 * The kind of a new directory and what it pulls from; nothing for one that is pushed to.
 *
 * @throws AppError `input.invalid`.
 */
export function newGoogle(
  core: Core,
  { kind = 'scim', google }: { kind?: DirectoryKind | undefined; google?: GoogleSourceInput | undefined },
): Kind {
  if (kind === 'google' && google) return { kind, google: changedSource(core, blank, google) };
  if (kind === 'google' || google) throw notGoogle();
  return {};
}

/**
 * What a directory pulls from after a change of it; nothing where nothing of it changes.
 *
 * @throws AppError `input.invalid`.
 */
export function changedGoogle(
  core: Core,
  before: Kind,
  { kind, google }: { kind?: DirectoryKind | undefined; google?: GoogleSourceInput | undefined },
): Kind {
  if (kind !== undefined && kind !== (before.kind ?? 'scim')) {
    const errors = [{ pointer: '/kind', detail: 'never changes: create another directory' }];
    throw new AppError('input.invalid', 'a directory keeps its kind', { errors });
  }
  if (!google) return {};
  if (!before.google) throw notGoogle();
  return { google: changedSource(core, before.google, google) };
}

/** The service account in clear; null where none is given yet. */
export function openServiceAccount(core: Core, { serviceAccount }: GoogleSource): ServiceAccount | null {
  if (serviceAccount === null) return null;
  return JSON.parse(core.secretBox.open(sealPurpose, serviceAccount)) as ServiceAccount;
}

/** Whether a key file is the one that is stored. */
export function isSameAccount(core: Core, source: GoogleSource, input: ServiceAccountInput): boolean {
  const [stored, given] = [openServiceAccount(core, source), readServiceAccount(input)];
  return (
    typeof given !== 'string' &&
    stored?.privateKey === given.privateKey &&
    stored.clientEmail === given.clientEmail
  );
}

/** What everybody may see who sees the directory: all but the key. */
export function shownSource({
  serviceAccount: _,
  ...shown
}: GoogleSource): Omit<GoogleSource, 'serviceAccount'> {
  return { ...shown, groups: [...shown.groups], organizationalUnits: [...shown.organizationalUnits] };
}
