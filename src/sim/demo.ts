import { randomBytes } from 'node:crypto';
import type { Clock } from '../shared/clock.js';
import { demoBootstrap, furtherProfiles, furtherTargets } from './demo-bootstrap.js';
import {
  demoCompanies,
  makeDemoProduct,
  makeDemoTenant,
  openDemoProduct,
  openDemoTenant,
  targetOf,
  type DemoProduct,
  type DemoTenant,
} from './demo-world.js';
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
  /** The first of the ports beside the server's: companies, then the application; 0 takes free ones. */
  firstPort: number;
  clock: Clock;
  narrator: Narrator;
  /** Starts Gatehouse with this bootstrap file's content applied. */
  startServer(bootstrap: object): Promise<DemoServer>;
}

/** The demo while it runs. */
export interface Demo {
  serverUrl: string;
  product: DemoProduct;
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
  port: Listener;
}

/** Companies take the first ports, the application the last. */
async function stage(ports: readonly Listener[], appUrl: string, now: Date): Promise<Staged[]> {
  const staged = demoCompanies.map(async (about, index) => {
    const port = ports[index];
    return port === undefined ? [] : { tenant: await makeDemoTenant(about, port.url, appUrl, now), port };
  });
  return (await Promise.all(staged)).flat();
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
  for (const { tenant, port } of staged) faults += await openDemoTenant(tenant, serverUrl, port, options);
  return faults;
}

/**
 * Starts everything: two simulated companies with their logins, one application that both use, Gatehouse set up for them, and the
 * companies' people pushed.
 *
 * @throws the system's error when a port is taken.
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const ports = await takePorts(options.firstPort, demoCompanies.length + 1);
  const closePorts = (): Promise<unknown> => Promise.all(ports.map((port) => port.stop()));
  try {
    const app = ports.at(-1);
    if (app === undefined) throw new Error('the demo has no port');
    const product = makeDemoProduct(app.url);
    const staged = await stage(ports, app.url, options.clock.now());
    const tenants = staged.map(({ tenant }) => tenant);
    const tokens = furtherTokens();
    const keyPrefix = `gh_sk_${randomBytes(24).toString('base64url')}_`;
    const server = await options.startServer(demoBootstrap(product, tenants, keyPrefix, tokens));
    openDemoProduct(product, tenants, server.url, app);
    const faults = await openTenants(staged, server.url, options);
    const companies = tenants.map((tenant) => targetOf(tenant, server.url));
    return {
      serverUrl: server.url,
      product,
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
