import type { Core } from '../../identity/core.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { StrayAnswer } from '../sso/provider-errors.js';
import { ProviderFault } from '../sso/provider-fault.js';
import { reportingFaults, type Noted } from './forwarding.js';
import type { Exchange } from './steps.js';

function strayFault(found: string): ProviderFault {
  const fault = new ProviderFault('response_invalid', new StrayAnswer(found));
  fault.stage = 'authorization';
  return fault;
}

/**
 * Refuses an answer that came elsewhere than to the connection the browser left for.
 *
 * @throws {@link ProviderFault}, after the tenant was informed.
 */
export function refuseMisdirected({ core, req }: Exchange, noted: Noted): Promise<never> {
  return reportingFaults(core, req, noted, () =>
    Promise.reject(strayFault('it came to the address of another connection')),
  );
}

/** Any browser can send such answers: a tenant is informed this often, no more. */
const atMostEachMs = 60_000;

async function isDue(core: Core, { _id }: SsoConnectionDocument): Promise<boolean> {
  const until = new Date(core.clock.now().getTime() + atMostEachMs);
  return (await core.store.increment(`stray-answer:${_id}`, 1, until)).count === 1;
}

/**
 * Refuses an answer to nothing that this browser asked: sent twice, late, or made up.
 *
 * @param connection - whose address it came to; undefined: of no connection.
 * @throws {@link ProviderFault}, after the tenant was informed.
 */
export async function refuseStray(
  { core, req }: Exchange,
  connection: SsoConnectionDocument | undefined,
): Promise<never> {
  const fault = strayFault('it belongs to no sign-in of this browser');
  if (!connection || connection.mode === 'off' || !(await isDue(core, connection))) throw fault;
  const noted = { connection, noteId: undefined, isTest: false };
  return reportingFaults(core, req, noted, () => Promise.reject(fault));
}
