import type { CredentialDocument } from '../../persistence/collections/credentials.js';

type WithFactor = Pick<CredentialDocument, 'twoFactor' | 'passkeys'>;

/** Whether an authenticator app is set up. */
export const isOn = (credential: WithFactor | undefined): boolean => credential?.twoFactor?.state === 'on';

export const hasPasskey = (credential: WithFactor | undefined): boolean =>
  (credential?.passkeys?.length ?? 0) > 0;

/** Whether a user has anything but a password: an authenticator app, or a passkey. */
export const hasSecondFactor = (credential: WithFactor | undefined): boolean =>
  isOn(credential) || hasPasskey(credential);
