import type { CollectionName } from '../../persistence/collections/index.js';
import type { SecretBox } from '../../infrastructure/secret-box.js';
import type { Core } from '../core.js';
import { sealPurpose } from '../audit/seal.js';
import { hasKeptKey, keptKey, keptKeySeal } from './kept-keys.js';

type Fields = Readonly<Record<string, unknown>>;

/** What the seal of one text in a document is for, and the path of its field. */
interface Sealed {
  purpose: string;
  path: readonly string[];
}

/** Every place where sealed texts stand. A new one belongs in this table, or its texts die with the old key. */
const places: readonly { collection: CollectionName; sealedIn: (document: Fields) => readonly Sealed[] }[] = [
  { collection: 'kept_keys', sealedIn: () => [{ purpose: keptKeySeal, path: ['sealedKey'] }] },
  { collection: 'signing_keys', sealedIn: () => [{ purpose: 'signing-key', path: ['privateJwk'] }] },
  {
    collection: 'directories',
    sealedIn: () => [{ purpose: 'google-service-account', path: ['google', 'serviceAccount'] }],
  },
  {
    collection: 'sso_connections',
    sealedIn: () => [
      { purpose: 'sso-connection', path: ['clientSecret'] },
      { purpose: 'sso-connection', path: ['previousSecret', 'secret'] },
      ...['current', 'next', 'previous'].map((key) => ({
        purpose: 'sso-client-key',
        path: ['clientKeys', key, 'privateJwk'],
      })),
      { purpose: 'saml-key', path: ['saml', 'signing', 'privateKey'] },
      { purpose: 'saml-key', path: ['saml', 'encryption', 'privateKey'] },
    ],
  },
  {
    collection: 'credentials',
    sealedIn: () =>
      ['secret', 'next'].map((field) => ({ purpose: 'two-factor', path: ['twoFactor', field] })),
  },
  {
    collection: 'webhooks',
    sealedIn: () => [
      { purpose: 'webhook', path: ['secret'] },
      { purpose: 'webhook', path: ['previous', 'secret'] },
    ],
  },
  { collection: 'kept_answers', sealedIn: () => [{ purpose: 'kept-answer', path: ['answer'] }] },
  // A job is sealed for what it does.
  { collection: 'jobs', sealedIn: ({ kind }) => [{ purpose: String(kind), path: ['payload', 'sealed'] }] },
];

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function textAt(document: Fields, path: readonly string[]): string | undefined {
  const value = path.reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), document);
  return typeof value === 'string' ? value : undefined;
}

function withText(document: Fields, [step = '', ...rest]: readonly string[], text: string): Fields {
  const inner = document[step];
  return { ...document, [step]: rest.length > 0 && isObject(inner) ? withText(inner, rest, text) : text };
}

/** The document with every sealed text under the newest key; the very same when they all are. */
function resealed(box: SecretBox, document: Fields, sealed: readonly Sealed[]): Fields {
  return sealed.reduce<Fields>((next, { purpose, path }) => {
    const text = textAt(next, path);
    const fresh = text === undefined ? undefined : box.reseal(purpose, text);
    return fresh === undefined ? next : withText(next, path, fresh);
  }, document);
}

/**
 * Seals everything again that an older `SECRET_KEY` sealed; several processes may do it at once.
 *
 * @returns how many documents it were.
 * @throws SealBroken for what none of the keys opens.
 */
export async function resealAll(core: Core): Promise<number> {
  const { secretBox, store } = core;
  let count = 0;
  for (const { collection, sealedIn } of places) {
    const documents = store.server.collection(collection);
    for await (const document of documents.iterate({})) {
      const fields: Fields = { ...document };
      if (resealed(secretBox, fields, sealedIn(fields)) === fields) continue;
      await documents.update(document._id, (stored) => ({
        ...stored,
        ...resealed(secretBox, { ...stored }, sealedIn({ ...stored })),
      }));
      count += 1;
    }
  }
  return count;
}

/**
 * Opens what is sealed, to see whether these are the keys of this database.
 *
 * @returns how many documents are sealed under an older key.
 * @throws SealBroken for what none of the keys opens.
 */
export async function countOlderSeals(core: Core): Promise<number> {
  let count = 0;
  for (const { collection, sealedIn } of places) {
    for await (const document of core.store.server.collection(collection).iterate({})) {
      const fields: Fields = { ...document };
      if (resealed(core.secretBox, fields, sealedIn(fields)) !== fields) count += 1;
    }
  }
  return count;
}

/**
 * Makes the seals of the audit trail go on under the key they began with, whatever becomes of `SECRET_KEY`.
 *
 * @param mayKeep - whether that key may be written down (sealed) where it is not yet; else it is only used.
 * @throws SealBroken when none of the keys is this database's; nothing is written then.
 */
export async function adoptSealKey(core: Core, mayKeep: boolean): Promise<void> {
  const first = core.secretBox.deriveAll(`sign:${sealPurpose}`).at(-1)?.toString('base64url') ?? '';
  const isKept = await hasKeptKey(core, sealPurpose);
  if (!isKept && mayKeep) await countOlderSeals(core);
  const key = isKept || mayKeep ? await keptKey(core, sealPurpose, first) : first;
  core.secretBox.adopt(sealPurpose, Buffer.from(key, 'base64url'));
}
