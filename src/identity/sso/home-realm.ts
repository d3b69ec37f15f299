import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';

/**
 * Where addresses on the verified domains of a connection sign in: at the company's provider alone, there or here with a password, or
 * here alone.
 */
export type Realm = 'forwarded' | 'choice' | 'local';

/** @param connection - the one that has verified the address's domain; absent: none has. */
export function realmOf(connection: Pick<SsoConnectionDocument, 'mode'> | undefined): Realm {
  if (!connection || connection.mode === 'off') return 'local';
  return connection.mode === 'required' ? 'forwarded' : 'choice';
}
