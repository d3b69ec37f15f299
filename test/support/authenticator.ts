import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';

/** Options of WebAuthn in their JSON form, as far as an authenticator reads them. */
interface Options {
  challenge: string;
  rp?: { id: string };
  rpId?: string;
  user?: { id: string };
  allowCredentials?: { id: string }[];
  excludeCredentials?: { id: string }[];
}

interface Held {
  id: string;
  rpId: string;
  userHandle: string;
  key: KeyObject;
  counter: number;
}

/** How an answer is to differ from a good one. */
interface Twist {
  origin?: string;
  /** Whether the person was verified (PIN, fingerprint). */
  isVerified?: boolean;
  /** The count of signatures it gives, in place of the next one. */
  counter?: number;
  /** Signs with another key. */
  forged?: boolean;
}

const sha256 = (data: Uint8Array | string): Buffer => createHash('sha256').update(data).digest();

/** A passkey provider in software: keeps ES256 keys, answers `create` and `get` like a browser's `toJSON()`. */
export class SoftAuthenticator {
  readonly #origin: string;
  readonly held: Held[] = [];

  /** @param origin - of the page that asks. */
  constructor(origin: string) {
    this.#origin = origin;
  }

  #clientData(type: string, challenge: string, origin = this.#origin): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }

  #authData(held: Held, attested: Buffer, { counter, isVerified = true }: Twist): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter ?? held.counter);
    const flags = 1 | (isVerified ? 4 : 0) | (attested.length > 0 ? 64 : 0);
    return Buffer.concat([sha256(held.rpId), Buffer.from([flags]), count, attested]);
  }

  /** Makes a passkey for a {@link Options} of registration. */
  create(options: object, twist: Twist = {}): { id: string; [field: string]: unknown } {
    const { challenge, rp, user } = options as Options;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const rawId = randomBytes(32);
    const id = rawId.toString('base64url');
    const held = { id, rpId: rp?.id ?? '', userHandle: user?.id ?? '', key: privateKey, counter: 0 };
    this.held.push(held);
    const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));
    const cose = isoCBOR.encode(
      new Map<number, number | Uint8Array>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, bytes(x)],
        [-3, bytes(y)],
      ]),
    );
    const length = Buffer.from([0, rawId.length]);
    const attested = Buffer.concat([Buffer.alloc(16), length, rawId, cose]);
    const attestation = new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', new Uint8Array(this.#authData(held, attested, twist))],
    ]);
    const response = {
      clientDataJSON: this.#clientData('webauthn.create', challenge, twist.origin).toString('base64url'),
      attestationObject: Buffer.from(isoCBOR.encode(attestation as never)).toString('base64url'),
      transports: ['internal'],
    };
    return { id, rawId: id, type: 'public-key', response, clientExtensionResults: {} };
  }

  /** Signs a challenge, by the newest passkey that will do. */
  get(options: object, twist: Twist = {}): { id: string; [field: string]: unknown } {
    const { allowCredentials = [], challenge, rpId } = options as Options;
    const fits = ({ id, rpId: site }: Held) =>
      site === rpId && (allowCredentials.length === 0 || allowCredentials.some((one) => one.id === id));
    const held = this.held.findLast(fits);
    if (!held) throw new Error('no passkey of this authenticator will do');
    held.counter += 1;
    const authData = this.#authData(held, Buffer.alloc(0), twist);
    const clientData = this.#clientData('webauthn.get', challenge, twist.origin);
    const key = twist.forged ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : held.key;
    const signature = createSign('sha256')
      .update(Buffer.concat([authData, sha256(clientData)]))
      .sign(key);
    const response = {
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: authData.toString('base64url'),
      signature: signature.toString('base64url'),
      userHandle: held.userHandle,
    };
    return { id: held.id, rawId: held.id, type: 'public-key', response, clientExtensionResults: {} };
  }
}
