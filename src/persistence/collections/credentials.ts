import type { StoredDocument } from '../store.js';
import { defineCollection, nestedSchema, requiredText } from './definition.js';

export const lockReasons = ['too_many_failures', 'too_fast'] as const;
export type LockReason = (typeof lockReasons)[number];

/** A second factor: TOTP (RFC 6238), and codes for the day it is lost. */
export interface TwoFactor {
  /** `pending`: made, and not yet shown to work. */
  state: 'pending' | 'on';
  /** Base32, encrypted by the secret box. */
  secret: string;
  /** SHA-256 of those not used yet. */
  backupCodes: string[];
  /** The time step of the last code accepted: none is good twice. */
  lastStep: number;
  enrolledAt: Date | null;
  /** The secret of another app that shall take this one's place, encrypted too; it counts once a code of it has come. */
  next?: string | null;
}

/** A WebAuthn credential (Web Authentication Level 3 section 4). */
export interface Passkey {
  /** The credential's id, base64url. */
  id: string;
  /** COSE, base64url. */
  publicKey: string;
  /** The authenticator's count of signatures when last used; 0: it does not count. */
  counter: number;
  transports: string[];
  /** As the person calls it. */
  name: string;
  /** Whether it is kept by a provider of passkeys, and so on several devices. */
  isBackedUp: boolean;
  addedAt: Date;
  lastUsedAt: Date | null;
}

/** What failed at an account from one device that had signed in to it before. */
export interface DeviceFailures {
  id: string;
  failureCount: number;
  failureTimes: Date[];
  lockedUntil: Date | null;
  lockReason: LockReason | null;
}

/** What a user proves who they are with, and what failed: one document per user, with the user's id. */
export interface CredentialDocument extends StoredDocument {
  /** argon2id, PHC string, or another system's until the first sign-in; null: no password, local sign-in impossible. */
  passwordHash: string | null;
  /** A digest of the other system's hash that {@link passwordHash} took the place of, of the same password. */
  replacedHash?: string;
  passwordIsTemporary: boolean;
  passwordChangedAt: Date | null;
  /** Failures since the last success (requirement M0-31), those of known devices apart. */
  failureCount: number;
  /** The instants of the latest failures, newest last, as many as the threshold. */
  failureTimes: Date[];
  /** The latest of all locks, those of known devices too: what is shown and searched. */
  lockedUntil: Date | null;
  /** The lock for everybody but known devices that have failures of their own. */
  sharedLockedUntil?: Date | null;
  lockReason: LockReason | null;
  /** Devices that signed in before and failed since. */
  devices?: DeviceFailures[];
  lastLoginAt: Date | null;
  /** When a mail last reported a new device. */
  newDeviceToldAt?: Date | null;
  /** Absent or null: none. */
  twoFactor?: TwoFactor | null;
  /** Absent: none. */
  passkeys?: Passkey[];
}

const deviceFailuresSchema = nestedSchema({
  id: requiredText,
  failureCount: { type: Number, required: true },
  failureTimes: { type: [Date], required: true },
  lockedUntil: Date,
  lockReason: { type: String, enum: lockReasons },
});

const twoFactorSchema = nestedSchema({
  state: { type: String, required: true, enum: ['pending', 'on'] },
  secret: requiredText,
  backupCodes: { type: [String], required: true },
  lastStep: { type: Number, required: true },
  enrolledAt: Date,
  next: String,
});

const passkeySchema = nestedSchema({
  id: requiredText,
  publicKey: requiredText,
  counter: { type: Number, required: true },
  transports: { type: [String], required: true },
  name: requiredText,
  isBackedUp: { type: Boolean, required: true },
  addedAt: { type: Date, required: true },
  lastUsedAt: Date,
});

export const credentialSchema = defineCollection<CredentialDocument>(
  'credentials',
  {
    passwordHash: String,
    replacedHash: String,
    passwordIsTemporary: { type: Boolean, required: true },
    passwordChangedAt: Date,
    failureCount: { type: Number, required: true },
    failureTimes: { type: [Date], required: true },
    lockedUntil: Date,
    sharedLockedUntil: Date,
    lockReason: { type: String, enum: lockReasons },
    devices: { type: [deviceFailuresSchema], default: undefined },
    lastLoginAt: Date,
    newDeviceToldAt: Date,
    twoFactor: twoFactorSchema,
    passkeys: { type: [passkeySchema], default: undefined },
  },
  [
    {
      name: 'credentials_locked',
      key: { tenantId: 1, lockedUntil: 1 },
      where: { lockedUntil: { $gt: new Date(0) } },
    },
  ],
);
