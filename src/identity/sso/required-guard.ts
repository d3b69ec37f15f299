import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { AppError } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { tenantConfig } from '../tenants/config.js';
import { hasArmedBreakGlass } from './break-glass.js';
import { mayVerify, type SsoConnectionChange } from './connection-change.js';

/** How old the test may be that shows that people come in. */
const freshMs = 3_600_000;

async function isTested(core: Core, { _id, tenantId }: SsoConnectionDocument): Promise<boolean> {
  const [last] = await core.store
    .tenant(tenantId)
    .collection('sso_sign_ins')
    .find({ connectionId: _id, kind: 'test', state: 'passed' }, { sort: { _id: -1 }, limit: 1 });
  const since = core.clock.now().getTime() - freshMs;
  return (last?.finishedAt?.getTime() ?? 0) >= since;
}

/**
 * Where `sso.guardRequired` is on, a connection becomes required only when administrators would not be locked out by it. The operator of the
 * server and its bootstrap file are not held to it.
 *
 * @param before - undefined: the connection is new.
 * @throws AppError `sso_connection.not_ready`.
 */
export async function guardRequired(
  core: Core,
  actor: Actor,
  before: SsoConnectionDocument | undefined,
  change: SsoConnectionChange,
): Promise<void> {
  if (change.mode !== 'required' || before?.mode === 'required' || mayVerify(actor)) return;
  const { settings } = await tenantConfig(core, actor.tenantId);
  if (!settings['sso.guardRequired']) return;
  const details = [
    ...((await hasArmedBreakGlass(core, actor.tenantId))
      ? []
      : ['an administrator must be armed for emergencies, with a second factor']),
    ...(before && (await isTested(core, before))
      ? []
      : ['a test sign-in must have passed within the last hour']),
  ];
  if (details.length === 0) return;
  throw new AppError('sso_connection.not_ready', 'the connection cannot become required yet', {
    errors: details.map((detail) => ({ pointer: '/mode', detail })),
  });
}
