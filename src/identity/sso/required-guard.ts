import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { AppError } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { tenantConfig } from '../tenants/config.js';
import { hasArmedBreakGlass } from './break-glass.js';
import { mayVerify } from './connection-change.js';
import { providerDigest } from './provider-digest.js';

/** How old the test may be that shows that people come in. */
const freshMs = 3_600_000;

/** Whether a test passed within the last hour, at the provider as the change leaves it. */
async function isTested(
  core: Core,
  { _id, tenantId }: SsoConnectionDocument,
  after: SsoConnectionDocument,
): Promise<boolean> {
  const [last] = await core.store
    .tenant(tenantId)
    .collection('sso_sign_ins')
    .find(
      { connectionId: _id, kind: 'test', state: 'passed', provider: providerDigest(after) },
      { sort: { _id: -1 }, limit: 1 },
    );
  const since = core.clock.now().getTime() - freshMs;
  return (last?.finishedAt?.getTime() ?? 0) >= since;
}

/** What a change makes of a connection. */
interface ConnectionMove {
  /** undefined: the connection is new. */
  before: SsoConnectionDocument | undefined;
  after: Pick<SsoConnectionDocument, 'mode'> | SsoConnectionDocument;
}

const isOtherProvider = (before: SsoConnectionDocument, after: ConnectionMove['after']): boolean =>
  'providerVersion' in after && after.providerVersion !== before.providerVersion;

async function lackingFor(
  core: Core,
  tenantId: string,
  { before, after }: ConnectionMove,
): Promise<string[]> {
  if (before?.mode === 'required')
    return [
      'another provider is named while the connection is optional or off, and tested before it is required',
    ];
  const isReady = before && 'issuer' in after && (await isTested(core, before, after));
  return [
    ...((await hasArmedBreakGlass(core, tenantId))
      ? []
      : ['an administrator must be armed for emergencies, with a second factor']),
    ...(isReady ? [] : ['a test sign-in must have passed within the last hour']),
  ];
}

/**
 * Where `sso.guardRequired` is on, a connection becomes required only when administrators would not be locked out by it, and a required one
 * keeps its provider. The operator of the server and its bootstrap file are not held to it.
 *
 * @returns whether the move was judged: it holds for this very provider then.
 * @throws AppError `sso_connection.not_ready`.
 */
export async function guardRequired(core: Core, actor: Actor, move: ConnectionMove): Promise<boolean> {
  const { before, after } = move;
  if (after.mode !== 'required' || mayVerify(actor)) return false;
  if (before?.mode === 'required' && !isOtherProvider(before, after)) return false;
  const { settings } = await tenantConfig(core, actor.tenantId);
  if (!settings['sso.guardRequired']) return false;
  const details = await lackingFor(core, actor.tenantId, move);
  if (details.length === 0) return true;
  throw notReady(details);
}

/** @param details - what is lacking, in words. */
export function notReady(details: readonly string[]): AppError {
  return new AppError('sso_connection.not_ready', 'the connection cannot become required yet', {
    errors: details.map((detail) => ({ pointer: '/mode', detail })),
  });
}
