import { makeCertifiedKey } from '../../../infrastructure/certificate.js';
import type { SamlKeyPair } from '../../../persistence/collections/sso-connections.js';
import type { Core } from '../../core.js';

/** The purpose a connection's own private keys are sealed for. */
const samlKeySeal = 'saml-key';

/** A key of ours for one connection. */
export async function makeKeyPair(core: Core): Promise<SamlKeyPair> {
  const { certificate, privateKey } = await makeCertifiedKey('Gatehouse', core.clock.now());
  return { certificate, privateKey: core.secretBox.seal(samlKeySeal, privateKey) };
}

/** The private key of a pair, PEM. */
export function openPrivateKey(core: Core, pair: SamlKeyPair): string {
  return core.secretBox.open(samlKeySeal, pair.privateKey);
}
