import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { applyBootstrap, parseBootstrap } from '../identity/bootstrap/bootstrap.js';
import { loadConfig } from '../infrastructure/config.js';
import { type Config } from '../infrastructure/config-schema.js';
import { packageFolder, programCall } from '../infrastructure/package-info.js';
import { startServer } from '../main.js';
import { systemClock } from '../shared/clock.js';
import { startDemo, type Demo, type DemoServer } from '../sim/demo.js';
import { jsonNarrator, silentNarrator, textNarrator, type Narrator } from '../sim/narrator.js';
import { CommandError, exitCodes, textOf, UsageError } from './command.js';
import type { Command, ExitCode, Invocation, OptionValues, Terminal } from './command.js';
import { startFailure } from './server-core.js';
import { targetFileOf } from './sim.js';
import { stopRequested } from './stop-requested.js';

/** A free port of the loopback interface: the server's address must be known before it starts. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The demo's own settings over the environment's: embedded, in its own folder, companies on loopback allowed. */
function demoConfig(terminal: Terminal, port: number, dataDir: string): Config {
  const { MONGODB_URI: _mongo, BOOTSTRAP_FILE: _file, BASE_URL: _base, HOST: _host, ...env } = terminal.env;
  return loadConfig(
    {
      ...env,
      PORT: String(port),
      DATA_DIR: dataDir,
      LOG_LEVEL: env['LOG_LEVEL'] ?? 'warn',
      ALLOW_PRIVATE_ISSUERS: '1',
      DRAIN_SECONDS: '0',
    },
    join(packageFolder, 'config'),
  );
}

async function startGatehouse(config: Config, bootstrap: object): Promise<DemoServer> {
  const server = await startServer(config);
  try {
    await applyBootstrap(server.core, parseBootstrap(bootstrap));
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url: config.baseUrl, stop: () => server.stop() };
}

function tourOf(demo: Demo, targetFile: string): string[] {
  const [okta, entra] = demo.tenants;
  if (okta === undefined || entra === undefined) return [];
  const { product, serverUrl } = demo;
  const { shared } = product;
  const tenants = [okta, entra].flatMap(({ company, companyUrl, localEmail, secrets, scim }) => [
    `  ${company.name.padEnd(7)}   ${companyUrl}  its directory and login: assign, move and unassign people`,
    `            people: anyone@${company.domain}; partners by SAML: anyone@${company.slug}-partners.test;`,
    `            pushes ${'oauth' in scim ? 'by OAuth' : 'with a static token'}`,
    `            console ${demo.serverUrl}/admin as ${localEmail}, password ${secrets.localPassword}`,
    `            API key ${demo.apiKeys[company.slug] ?? ''}`,
  ]);
  return [
    '',
    `Gatehouse   ${serverUrl}  (API ${serverUrl}/openapi.json, explained at ${serverUrl}/docs/api)`,
    `  Product   ${product.url}  ${product.name}: one application, one client id, for all customers`,
    ...tenants,
    `  In both   ${shared.email}, password ${shared.password}`,
    `  Operator  key ${product.operatorKey}`,
    '',
    'The tour (docs/demo.md has it in full). A browser is signed in as one person here: take a private window for the next one.',
    `  1. Open ${product.url}, sign in as ada@${okta.company.domain}: you are forwarded to ${okta.company.name}'s login,`,
    '     click Ada, and are back in the application with the role agent, which her group gives her.',
    `  2. Open ${okta.companyUrl}, move Ada to Sales Managers, press Refresh in the application: manager comes beside agent.`,
    '  3. Unassign Ada: within seconds the application has lost her, and she cannot come back.',
    `  4. Open the console ${serverUrl}/admin as ${okta.localEmail}: Users, a person, Why?; SCIM directories, Live log.`,
    `  5. Sign in as ${shared.email}: no company login, a password, and a choice of customers.`,
    `  6. Sign in as mary@${okta.company.slug}-partners.test: by SAML, made by the first sign-in.`,
    `  7. The operator's view: curl -H 'Authorization: Bearer ${product.operatorKey}' ${serverUrl}/api/v1/tenants`,
    `  8. Ask the API why: curl -H 'Authorization: Bearer KEY' ${serverUrl}/api/v1/users/ID/role-explanation`,
    '',
    `In a second terminal: ${programCall()} sim run --profile entra --speed 1s`,
    '  and watch a person join, move and leave, request by request (--assert makes it a test).',
    '',
    `What the simulator needs to know is in ${targetFile} until this stops (Ctrl-C). Nothing of the demo is kept.`,
  ];
}

function portOption(values: OptionValues): number {
  const port = Number(textOf(values, 'port') ?? '3000');
  if (!Number.isInteger(port) || port < 0 || port > 65_530)
    throw new UsageError('--port: give a port number');
  return port;
}

/** The server's own port and those of two companies and the application. */
const portCount = 4;

/** @param wanted - the first port; 0: free ones. */
function portTaken(error: unknown, wanted: number): unknown {
  const { code, port } = error as { code?: unknown; port?: unknown };
  if (code !== 'EADDRINUSE') return startFailure(error);
  const what = typeof port === 'number' ? `port ${port} is taken` : 'a port is taken';
  const needs =
    wanted === 0 ? 'start it again' : `free ${wanted}-${wanted + portCount - 1}, or give --port 0`;
  return new CommandError(exitCodes.unavailable, `${what}: ${needs}`);
}

/** The tour for programs. */
function factsOf(demo: Demo, targetFile: string) {
  return {
    url: demo.serverUrl,
    targetFile,
    faults: demo.faults,
    application: { url: demo.product.url, clientId: demo.product.clientId },
    operatorKey: demo.product.operatorKey,
    shared: demo.product.shared,
    tenants: demo.tenants.map(({ company, companyUrl, appUrl, localEmail, secrets }) => ({
      slug: company.slug,
      name: company.name,
      domain: company.domain,
      companyUrl,
      appUrl,
      administrator: { email: localEmail, password: secrets.localPassword },
      apiKey: demo.apiKeys[company.slug],
    })),
  };
}

function narratorOf(values: OptionValues, terminal: Terminal): Narrator {
  if (values['verbose'] !== true) return silentNarrator;
  const write = (line: string): void => terminal.out(line);
  return values['json'] === true ? jsonNarrator(write) : textNarrator(write);
}

async function runDemo({ values, terminal, report }: Invocation): Promise<ExitCode> {
  if (terminal.env['NODE_ENV'] === 'production') {
    throw new CommandError(exitCodes.config, 'the demo has no place in production (NODE_ENV is production)');
  }
  const wanted = portOption(values);
  const port = wanted === 0 ? await freePort() : wanted;
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-demo-'));
  const targetFile = targetFileOf(terminal.env);
  try {
    const config = demoConfig(terminal, port, dataDir);
    const demo = await startDemo({
      firstPort: wanted === 0 ? 0 : port + 1,
      clock: systemClock,
      narrator: narratorOf(values, terminal),
      startServer: (bootstrap) => startGatehouse(config, bootstrap),
    }).catch((error: unknown) => {
      throw portTaken(error, wanted);
    });
    await mkdir(dirname(targetFile), { recursive: true });
    await writeFile(targetFile, JSON.stringify(demo.target, null, 2), { mode: 0o600 });
    if (demo.faults > 0)
      terminal.err(`${demo.faults} answers were not as expected: start again with --verbose`);
    report(factsOf(demo, targetFile), tourOf(demo, targetFile));
    await stopRequested();
    await demo.stop();
  } finally {
    await rm(targetFile, { force: true });
    await rm(dataDir, { recursive: true, force: true });
  }
  return exitCodes.ok;
}

/** `gatehouse demo`: the server, two simulated companies and the application both use, until it is stopped. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'start a server with two simulated companies and one application for both, and print the tour',
  options: {
    port: {
      type: 'string',
      value: 'PORT',
      describe: 'the first of four ports; 0 takes free ones; default 3000',
    },
    verbose: { type: 'boolean', describe: 'tell every request that fills the server' },
  },
  positionals: [],
  run: runDemo,
};
