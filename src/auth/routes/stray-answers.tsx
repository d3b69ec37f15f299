import type { Core } from '../../identity/core.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { showBrand } from '../page-brand.js';
import { currentSession, type LiveSession } from '../session-guard.js';
import { StrayAnswer } from '../sso/provider-errors.js';
import { ProviderFault } from '../sso/provider-fault.js';
import { sendPage } from '../views/layout.js';
import { RefusalPage } from '../views/sign-in-pages.js';
import { reportingFaults, type Noted } from './forwarding.js';
import { answered, type Exchange } from './steps.js';

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

/** For a person who went back, or whose browser sent the answer twice. */
async function showSignedIn({ core, res }: Exchange, { tenant }: LiveSession): Promise<void> {
  await showBrand(core, res, tenant._id);
  sendPage(
    res,
    400,
    <RefusalPage
      title="You are signed in already"
      alert="This step of the sign-in was done before, or is too old."
      links={[{ href: '/account', text: 'Go to your account' }]}
    />,
  );
}

/**
 * Refuses an answer to nothing that this browser asked: sent twice, late, or made up. A browser with a session is shown so.
 *
 * @param connection - whose address it came to; undefined: of no connection.
 * @throws {@link ProviderFault}, after the tenant was informed.
 */
export async function refuseStray(
  exchange: Exchange,
  connection: SsoConnectionDocument | undefined,
): Promise<typeof answered> {
  const { core, req } = exchange;
  const live = await currentSession(core, req, { slides: false });
  const fault = strayFault('it belongs to no sign-in of this browser');
  const refuse = async (): Promise<typeof answered> => {
    if (!live) throw fault;
    await showSignedIn(exchange, live);
    return answered;
  };
  if (!connection || connection.mode === 'off' || !(await isDue(core, connection))) return refuse();
  const noted = { connection, noteId: undefined, isTest: false };
  await reportingFaults(core, req, noted, () => Promise.reject(fault)).catch((error: unknown) => {
    if (error !== fault) throw error;
  });
  return refuse();
}
