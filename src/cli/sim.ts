import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../shared/clock.js';
import { NoSuchForm } from '../sim/browser.js';
import { companyApp } from '../sim/company-app.js';
import { companyProvider } from '../sim/company-provider.js';
import { connectionKey, makeCompany, putEmployee, type Company } from '../sim/company.js';
import { simpleCookieJar } from '../sim/cookie-jar.js';
import { openDirectory } from '../sim/directory.js';
import { listen, type Listener } from '../sim/listener.js';
import { jsonNarrator, textNarrator, type Narrator } from '../sim/narrator.js';
import { departments, makeGroup, makePerson } from '../sim/person.js';
import { profileNamed } from '../sim/profiles/by-name.js';
import { profileNames, type ProfileName } from '../sim/profiles/profile.js';
import { playPulledJoinerMoverLeaver } from '../sim/pull-scenario.js';
import { UnexpectedAnswer } from '../sim/run-steps.js';
import { playJoinerMoverLeaver } from '../sim/scenario.js';
import { ServerAway } from '../sim/scim-client.js';
import { scimTargetOf, targetFileSchema, type CompanyTarget } from '../sim/target.js';
import { CommandError, exitCodes, textOf, UsageError } from './command.js';
import type { Command, ExitCode, Invocation, OptionDefinition, OptionValues, Terminal } from './command.js';
import { oauthOptions, oauthToken } from './sim-oauth.js';
import { startFailure } from './server-core.js';
import { pullOptions, pullTargetOf, simulateGoogle } from './sim-google.js';
import { stopRequested } from './stop-requested.js';

const scenarios = ['joiner-mover-leaver'] as const;

function profileOption(values: OptionValues): ProfileName | undefined {
  const text = textOf(values, 'profile');
  const known = profileNames.find((name) => name === text);
  if (text !== undefined && known === undefined) {
    throw new UsageError(`there is no profile ${text}; there are ${profileNames.join(', ')}`);
  }
  return known;
}

/** `2s`, `500ms` or a number of seconds, as milliseconds. */
function speedOption(values: OptionValues): number {
  const text = textOf(values, 'speed');
  if (text === undefined) return 0;
  const found = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(text);
  if (found === null) throw new UsageError(`--speed ${text}: give a time such as 2s or 500ms`);
  return Number(found[1]) * (found[2] === 'ms' ? 1 : 1000);
}

/** Where `gatehouse demo` prints what it has started. */
export function targetFileOf(env: Terminal['env']): string {
  return join(env['DATA_DIR'] ?? './data', 'demo', 'target.json');
}

function narratorOf(values: OptionValues, terminal: Terminal): Narrator {
  const write = (line: string): void => terminal.out(line);
  return values['json'] === true ? jsonNarrator(write) : textNarrator(write);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function readTargets(path: string): Promise<CompanyTarget[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    throw new CommandError(
      exitCodes.noInput,
      `cannot read ${path}: start \`gatehouse demo\` first, or name a server with --server and --token`,
    );
  }
  const parsed = targetFileSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new CommandError(exitCodes.data, `${path} is not a target file of this version`);
  return parsed.data.companies;
}

/** A server named on the command line, not by the demo. */
function namedTarget(values: OptionValues, profile: ProfileName, token: string): CompanyTarget {
  const server = (textOf(values, 'server') ?? 'http://localhost:3000').replace(/\/$/, '');
  const companyUrl = textOf(values, 'company');
  const appUrl = textOf(values, 'app');
  return {
    name: server,
    profile,
    scimUrl: `${server}/scim/v2`,
    token,
    domain: textOf(values, 'domain') ?? `${profile}.test`,
    ...(companyUrl !== undefined && { companyUrl }),
    ...(appUrl !== undefined && { appUrl }),
  };
}

/** Every company the scenario is to be played for. */
async function targetsOf(values: OptionValues, terminal: Terminal): Promise<CompanyTarget[]> {
  const profile = profileOption(values);
  if (values['directory'] !== undefined) return [namedTarget(values, 'google', '')];
  const token = (await oauthToken(values)) ?? textOf(values, 'token');
  if (token !== undefined) return [namedTarget(values, profile ?? 'okta', token)];
  const targets = await readTargets(textOf(values, 'target') ?? targetFileOf(terminal.env));
  const chosen = targets.filter((target) =>
    profile === undefined ? target.companyUrl !== undefined : target.profile === profile,
  );
  if (chosen.length === 0)
    throw new UsageError(`the demo has no company that speaks ${profile ?? 'anything'}`);
  return chosen;
}

async function runScenario(values: OptionValues, terminal: Terminal): Promise<ExitCode> {
  const scenario = textOf(values, 'scenario') ?? scenarios[0];
  if (!scenarios.some((name) => name === scenario)) {
    throw new UsageError(`there is no scenario ${scenario}; there is ${scenarios.join(', ')}`);
  }
  const narrator = narratorOf(values, terminal);
  const options = {
    clock: systemClock,
    narrator,
    assert: values['assert'] === true,
    pauseMs: speedOption(values),
    newJar: () => simpleCookieJar(),
  };
  const pull = pullTargetOf(values);
  let faults = 0;
  try {
    for (const target of await targetsOf(values, terminal))
      faults += pull
        ? await playPulledJoinerMoverLeaver(target, pull, options)
        : await playJoinerMoverLeaver(target, options);
  } catch (error) {
    if (error instanceof UnexpectedAnswer || error instanceof NoSuchForm)
      throw new CommandError(exitCodes.failed, `not as expected: ${error.message}`);
    if (error instanceof ServerAway) throw new CommandError(exitCodes.unavailable, error.message);
    throw error;
  }
  narrator.chapter(
    faults === 0 ? 'Every answer was the expected one.' : `${faults} answers were not as expected.`,
  );
  return exitCodes.ok;
}

const serverOptions: Readonly<Record<string, OptionDefinition>> = {
  profile: { type: 'string', value: 'NAME', describe: `which provider to play: ${profileNames.join(', ')}` },
  server: { type: 'string', value: 'URL', describe: 'the Gatehouse server; default http://localhost:3000' },
  token: { type: 'string', value: 'TOKEN', describe: "a directory's SCIM token" },
  domain: {
    type: 'string',
    value: 'DOMAIN',
    describe: "of the invented people's addresses; default PROFILE.test",
  },
};

/** `gatehouse sim run`: plays a scenario against a running server. */
export const simRunCommand: Command = {
  name: 'sim run',
  summary: 'play an identity provider against a running server, request by request',
  options: {
    ...serverOptions,
    ...oauthOptions,
    scenario: { type: 'string', value: 'NAME', describe: `default ${scenarios[0]}` },
    target: {
      type: 'string',
      value: 'FILE',
      describe: 'what the demo left behind; default DATA_DIR/demo/target.json',
    },
    company: {
      type: 'string',
      value: 'URL',
      describe: 'a company started by `gatehouse sim`, whose login takes part',
    },
    ...pullOptions,
    app: { type: 'string', value: 'URL', describe: 'a sample application, which the person signs in to' },
    speed: { type: 'string', value: 'TIME', describe: 'pause before each request, e.g. 2s; default none' },
    assert: { type: 'boolean', describe: 'stop with exit code 1 at the first unexpected answer' },
  },
  positionals: [],
  run: ({ values, terminal }) => runScenario(values, terminal),
};

/** A company with three people and two departments, none of them assigned yet. */
function companyWithPeople(
  name: string,
  { domain, profile }: Pick<CompanyTarget, 'domain' | 'profile'>,
): Company {
  const company = makeCompany({ name, slug: 'sim', domain, profile, brand: '#0b3d91' });
  const support = makeGroup(departments.support, domain);
  const sales = makeGroup(departments.sales, domain);
  for (const group of [support, sales]) company.groups.set(group.id, group);
  for (const fullName of ['Ada Lovelace', 'Alan Turing', 'Katherine Johnson']) {
    const person = makePerson(fullName, domain, departments.support);
    putEmployee(company, person, false).groupIds.add(support.id);
  }
  return company;
}

/** Takes the port, or says plainly why not. */
function holdPort(port: number): Promise<Listener> {
  return listen(port).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw startFailure(error);
    throw new CommandError(exitCodes.unavailable, `port ${port} is taken: give another one with --port`);
  });
}

function portOption(values: OptionValues): number {
  const port = Number(textOf(values, 'port') ?? '3001');
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UsageError('--port: give a port number');
}

async function serveCompany({ values, terminal, report }: Invocation): Promise<ExitCode> {
  const profile = profileOption(values) ?? 'okta';
  const target = namedTarget(values, profile, textOf(values, 'token') ?? '');
  const port = portOption(values);
  const name = textOf(values, 'name') ?? 'Acme';
  const company = companyWithPeople(name, { domain: target.domain, profile });
  const narrator = narratorOf(values, terminal);
  const listener = await holdPort(port);
  const connection = textOf(values, 'connection') ?? connectionKey(company);
  const clientSecret = textOf(values, 'client-secret') ?? randomBytes(24).toString('base64url');
  const client = {
    clientId: 'gatehouse',
    clientSecret,
    redirectUri: `${target.name}/sso/${connection}/callback`,
  };
  const provider = await companyProvider(company, listener.url, client, systemClock);
  const directory = openDirectory(company, scimTargetOf(target), systemClock, narrator);
  const google =
    profile === 'google' ? await simulateGoogle(company, listener.url, values, terminal.env) : undefined;
  listener.serve(companyApp(company, provider, directory, google ? { google: google.router } : {}));
  report(
    {
      name,
      url: listener.url,
      scimUrl: target.scimUrl,
      connection,
      issuer: listener.url,
      clientId: client.clientId,
      clientSecret,
      ...(google && { google: google.facts }),
    },
    [
      `${name}, played by ${profileNamed(profile).title}, is at ${listener.url}`,
      `  pushes to      ${target.scimUrl}${target.token === '' ? '  (give --token to push)' : ''}`,
      `  SSO connection key ${connection}, issuer ${listener.url}, client id ${client.clientId}, client secret ${clientSecret}`,
      ...(google?.lines ?? []),
    ],
  );
  await stopRequested();
  await listener.stop();
  return exitCodes.ok;
}

/** `gatehouse sim`: one simulated company, its directory page and its login, until it is stopped. */
export const simCommand: Command = {
  name: 'sim',
  summary: 'be a simulated company: a directory that pushes over SCIM and an OpenID provider',
  options: {
    ...serverOptions,
    name: { type: 'string', value: 'NAME', describe: "the company's name; default Acme" },
    port: { type: 'string', value: 'PORT', describe: 'where to listen; default 3001' },
    connection: {
      type: 'string',
      value: 'KEY',
      describe: 'key or id of the SSO connection, as in its redirectUri; default sim-login',
    },
    'client-secret': {
      type: 'string',
      value: 'SECRET',
      describe: 'of the SSO connection; default a random one',
    },
    'key-file': {
      type: 'string',
      value: 'FILE',
      describe:
        'profile google: where the key of its service account is written; default DATA_DIR/sim/google-service-account.json',
    },
  },
  positionals: [],
  run: serveCompany,
};
