import { randomBytes } from 'node:crypto';
import type { Clock } from '../shared/clock.js';
import { demoBootstrap, furtherProfiles, furtherTargets } from './demo-bootstrap.js';
import { demoCompanies, makeDemoTenant, openDemoTenant, targetOf, type DemoTenant } from './demo-world.js';
import { listen, type Listener } from './listener.js';
import type { Narrator } from './narrator.js';
import type { ProfileName } from './profiles/profile.js';
import type { TargetFile } from './target.js';

/** A server the demo has begun. */
export interface DemoServer {
  url: string;
  stop(): Promise<void>;
}

export interface DemoOptions {
  /** The first of the ports beside the server's: companies, then applications; 0 takes free ones. */
  firstPort: number;
  clock: Clock;
  narrator: Narrator;
  /** Starts Gatehouse with this bootstrap file's content applied. */
  startServer(bootstrap: object): Promise<DemoServer>;
}

/** The demo while it runs. */
export interface Demo {
  serverUrl: string;
  tenants: readonly DemoTenant[];
  /** An administrator's API key of each tenant, by its slug. */
  apiKeys: Readonly<Record<string, string>>;
  /** What scenarios can be played against. */
  target: TargetFile;
  /** How many of the requests that filled it were answered otherwise than expected. */
  faults: number;
  stop(): Promise<void>;
}

async function takePorts(first: number, count: number): Promise<Listener[]> {
  const taken: Listener[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      taken.push(await listen(first === 0 ? 0 : first + index));
    }
    return taken;
  } catch (error) {
    await Promise.all(taken.map((listener) => listener.stop()));
    throw error;
  }
}

interface Staged {
  tenant: DemoTenant;
  ports: [Listener, Listener];
}

/** Companies take the first ports, their applications the next ones. */
function stage(ports: readonly Listener[]): Staged[] {
  return demoCompanies.flatMap((about, index) => {
    const company = ports[index];
    const app = ports[index + demoCompanies.length];
    if (company === undefined || app === undefined) return [];
    return { tenant: makeDemoTenant(about, company.url, app.url), ports: [company, app] };
  });
}

function furtherTokens(): Partial<Record<ProfileName, string>> {
  const token = (): string => `gh_scim_${randomBytes(24).toString('base64url')}`;
  return Object.fromEntries(furtherProfiles.map((profile) => [profile, token()]));
}

async function openTenants(
  staged: readonly Staged[],
  serverUrl: string,
  options: DemoOptions,
): Promise<number> {
  let faults = 0;
  for (const { tenant, ports } of staged) faults += await openDemoTenant(tenant, serverUrl, ports, options);
  return faults;
}

/**
 * Starts everything: two simulated companies with their logins, a sample application for each, Gatehouse set up for both, and the
 * companies' people pushed.
 *
 * @throws the system's error when a port is taken.
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const ports = await takePorts(options.firstPort, demoCompanies.length * 2);
  const closePorts = (): Promise<unknown> => Promise.all(ports.map((port) => port.stop()));
  try {
    const staged = stage(ports);
    const tenants = staged.map(({ tenant }) => tenant);
    const tokens = furtherTokens();
    const keyPrefix = `gh_sk_${randomBytes(24).toString('base64url')}_`;
    const server = await options.startServer(demoBootstrap(tenants, keyPrefix, tokens));
    const faults = await openTenants(staged, server.url, options);
    const companies = tenants.map((tenant) => targetOf(tenant, server.url));
    return {
      serverUrl: server.url,
      tenants,
      apiKeys: Object.fromEntries(tenants.map(({ company }) => [company.slug, keyPrefix + company.slug])),
      target: { companies: [...companies, ...furtherTargets(server.url, tokens)] },
      faults,
      async stop() {
        await server.stop();
        await closePorts();
      },
    };
  } catch (error) {
    await closePorts();
    throw error;
  }
}
