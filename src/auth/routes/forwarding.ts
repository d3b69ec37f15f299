import type { Request, Response } from 'express';
import { systemActor } from '../../identity/actors.js';
import { writeEvent } from '../../identity/audit.js';
import type { Core } from '../../identity/core.js';
import type { SsoConnectionDocument } from '../../persistence/collections/tenants.js';
import { keepLogin, type SignInContext, type SignInFlow } from '../sign-in-flow.js';
import { visitorOf } from '../sessions.js';
import { startRoundTrip } from '../sso/forwarding-strategy.js';
import { ProviderFault, toProviderFault } from '../sso/provider-fault.js';
import { providerOf } from '../sso/relying-party.js';

/**
 * Sends the browser to a company's provider; what its return will be checked against is kept with this browser's flow, under the `state`.
 *
 * @param email - goes along as `login_hint`.
 * @throws {@link ProviderFault} when the provider does not answer or cannot be used.
 */
export async function forward(
  core: Core,
  req: Request,
  res: Response,
  {
    flow,
    context,
    connection,
    email,
  }: {
    flow: SignInFlow;
    context: SignInContext;
    connection: SsoConnectionDocument;
    email: string | null;
  },
): Promise<void> {
  const started = await start(core, req, res, connection, email);
  await keepLogin(core, flow, {
    ...started.trip,
    connectionId: connection._id,
    contextId: context.id,
    startedAt: core.clock.now().getTime(),
  });
  const { requestId, ip } = visitorOf(req);
  const actor = { ...systemActor(connection.tenantId), requestId, ip };
  const target = { type: 'sso_connection', id: connection._id, label: connection.name };
  await writeEvent(core, actor, { action: 'login.forwarded', target });
  res.redirect(303, started.url);
}

async function start(
  core: Core,
  req: Request,
  res: Response,
  connection: SsoConnectionDocument,
  loginHint: string | null,
): ReturnType<typeof startRoundTrip> {
  try {
    const config = await providerOf(core, connection);
    return await startRoundTrip(core, config, { req, res, scopes: connection.scopes, loginHint });
  } catch (error) {
    core.log.warn({ err: error, connectionId: connection._id }, 'forwarding failed');
    const fault = toProviderFault(error);
    // Nobody has answered a sign-in yet: what is wrong is the provider's metadata.
    throw fault.reason === 'response_invalid' ? new ProviderFault('provider_broken', error) : fault;
  }
}
