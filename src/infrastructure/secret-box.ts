import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

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
}

/** @param secretKey - `SECRET_KEY`, at least 32 bytes. */
export function createSecretBox(secretKey: string): SecretBox {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secretKey, 'gatehouse', purpose, 32));
  return {
    derive,
    seal(purpose, text) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', derive(`seal:${purpose}`), nonce);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
    },
    open(purpose, sealed) {
      const bytes = Buffer.from(sealed, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', derive(`seal:${purpose}`), bytes.subarray(0, 12));
      try {
        decipher.setAuthTag(bytes.subarray(12, 28));
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
      } catch (error) {
        throw new SealBroken(`a sealed ${purpose} cannot be opened`, { cause: error });
      }
    },
    sign(purpose, text) {
      return createHmac('sha256', derive(`sign:${purpose}`))
        .update(text)
        .digest('base64url');
    },
  };
}
