import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Core } from '../core.js';

const dayMs = 86_400_000;

/** Records, once a day, that a provider takes the secret or key before the present one only. */
export async function noteEarlierTaken(
  core: Core,
  { _id, name, tenantId }: Pick<SsoConnectionDocument, '_id' | 'name' | 'tenantId'>,
): Promise<void> {
  const now = core.clock.now();
  const { count } = await core.store.increment(`sso-earlier:${_id}`, 1, new Date(now.getTime() + dayMs));
  if (count !== 1) return;
  const target = { type: 'sso_connection', id: _id, label: name };
  const event = { action: 'sso.credentials_refused', target, result: 'failure' as const };
  await core.store.transaction((tx) => recordEvent(tx, systemActor(tenantId, name), event, now));
}
