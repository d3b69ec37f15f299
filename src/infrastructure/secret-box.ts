import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { isSameSecret } from '../shared/same-secret.js';

/** What was sealed cannot be opened: it was changed, or sealed under another `SECRET_KEY` or for another purpose. */
export class SealBroken extends Error {}

/** Encrypts what must be stored and given back: client secrets, private keys. AES-256-GCM, one key per purpose. */
export interface SecretBox {
  /** @param purpose - binds the text to its place; opening it elsewhere fails. */
  seal(purpose: string, text: string): string;
  /** @throws {@link SealBroken} */
  open(purpose: string, sealed: string): string;
  /** A keyed MAC (base64url) for values a client carries, such as paging cursors. */
  sign(purpose: string, text: string): string;
  /** 32 bytes for a library that wants a key of its own, e.g. for cookies. */
  derive(purpose: string): Buffer;
  /** The same of every key that is good, the newest first: what was made under an older one is still taken. */
  deriveAll(purpose: string): Buffer[];
  /** Whether a MAC was made by {@link sign}, under any key that is good. */
  verify(purpose: string, text: string, mac: string): boolean;
  /** The same text under the newest key; undefined when it is sealed so already. @throws {@link SealBroken} */
  reseal(purpose: string, sealed: string): string | undefined;
  /** From now on signs for a purpose with this key, whatever the configured ones are. */
  adopt(purpose: string, key: Buffer): void;
  /** How many keys are good. */
  readonly keys: number;
}

const minBytes = 32;

/** `SECRET_KEY` as its keys, the newest first. A comma inside a key is part of it unless each side is long enough to be one. */
function secretKeysOf(secretKey: string): string[] {
  const parts = secretKey.split(',').map((part) => part.trim());
  return parts.length > 1 && parts.every((part) => Buffer.byteLength(part) >= minBytes) ? parts : [secretKey];
}

function sealUnder(key: Buffer, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

function openUnder(key: Buffer, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

const macUnder = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url');

/** @param secretKey - `SECRET_KEY`, at least 32 bytes; or `new,old`: sealed and signed with the first, opened with any. */
export function createSecretBox(secretKey: string): SecretBox {
  const keys = secretKeysOf(secretKey);
  const adopted = new Map<string, Buffer>();
  const deriveAll = (purpose: string): Buffer[] =>
    keys.map((key) => Buffer.from(hkdfSync('sha256', key, 'gatehouse', purpose, 32)));
  const newest = (purpose: string): Buffer => deriveAll(purpose)[0] ?? Buffer.alloc(0);
  const open = (purpose: string, sealed: string): string => {
    for (const key of deriveAll(`seal:${purpose}`)) {
      const text = openUnder(key, sealed);
      if (text !== undefined) return text;
    }
    throw new SealBroken(`a sealed ${purpose} cannot be opened`);
  };
  const seal = (purpose: string, text: string): string => sealUnder(newest(`seal:${purpose}`), text);
  return {
    keys: keys.length,
    derive: newest,
    deriveAll,
    seal,
    open,
    reseal(purpose, sealed) {
      if (openUnder(newest(`seal:${purpose}`), sealed) !== undefined) return undefined;
      return seal(purpose, open(purpose, sealed));
    },
    adopt: (purpose, key) => void adopted.set(purpose, key),
    sign: (purpose, text) => macUnder(adopted.get(purpose) ?? newest(`sign:${purpose}`), text),
    verify: (purpose, text, mac) =>
      deriveAll(`sign:${purpose}`).some((key) => isSameSecret(macUnder(key, text), mac)),
  };
}
