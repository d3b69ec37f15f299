/**
 * Whole OpenID code flows per second against a server of its own: `tsx scripts/bench-sign-in.ts`. Once with a browser that is signed in
 * (authorization and token request), once with the whole sign-in (pages, password, both). Five seconds for each number of browsers.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../src/infrastructure/config.js';
import { packageFolder } from '../src/infrastructure/package-info.js';
import { startServer } from '../src/main.js';

const callback = 'https://app.example.test/callback';
const password = 'correct horse battery staple';
const people = 200;
const port = Number(process.env['PORT'] ?? 4390);
const base = `http://127.0.0.1:${port}`;
const runMs = 5000;

const emailOf = (index: number): string => `user-${index}@bench.test`;
const bootstrap = {
  tenants: [
    {
      slug: 'bench',
      name: 'Bench',
      applications: [
        {
          key: 'app',
          name: 'Application',
          clientId: 'app',
          clientSecret: 'a secret of the application',
          redirectUris: [callback],
          roles: [{ key: 'agent', name: 'Agent', permissions: ['calls.read'] }],
        },
      ],
      users: Array.from({ length: people }, (_, index) => ({
        email: emailOf(index),
        givenName: 'Ada',
        familyName: 'L',
        password,
        roles: ['app:agent'],
      })),
    },
  ],
};

async function serve(): Promise<void> {
  const config = loadConfig(
    { ...process.env, HOST: '127.0.0.1', PORT: String(port), BASE_URL: base },
    join(packageFolder, 'config'),
  );
  const most = 10_000_000;
  await startServer({
    ...config,
    limits: {
      ...config.limits,
      signInPerMinutePerAddress: most,
      signInPerMinutePerAccount: most,
      signInStartsPerMinutePerAddress: most,
    },
  });
  process.on('message', () => process.send?.(process.cpuUsage()));
  process.send?.('ready');
}

interface Answer {
  status: number;
  location: string | undefined;
  text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** One browser: its cookies, and requests with them. */
class Visitor {
  readonly jar = new Map<string, string>();

  call(
    method: string,
    target: string,
    form?: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const body = form && new URLSearchParams(form).toString();
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      const req = request(
        new URL(target, base),
        {
          method,
          agent,
          headers: {
            ...headers,
            ...(cookie && { cookie }),
            ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
          },
        },
        (res) => {
          let text = '';
          res.on('data', (chunk: Buffer) => (text += chunk.toString()));
          res.on('end', () => {
            for (const line of res.headers['set-cookie'] ?? []) {
              const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
              if (value === '') this.jar.delete(name);
              else this.jar.set(name, value);
            }
            resolve({ status: res.statusCode ?? 0, location: res.headers.location, text });
          });
        },
      );
      req.on('error', reject);
      req.end(body);
    });
  }

  async signIn(answer: Answer, email: string): Promise<Answer> {
    const fields = (page: Answer): Record<string, string> => {
      const found: Record<string, string> = {};
      for (const [, name = '', value = ''] of page.text.matchAll(
        /type="hidden" name="([^"]+)" value="([^"]*)"/g,
      ))
        found[name] = value;
      return found;
    };
    const first = await this.call('GET', answer.location ?? '');
    const second = await this.call('POST', '/signin', { ...fields(first), email });
    return this.call('POST', '/signin/password', { ...fields(second), email, password });
  }

  async flow(email: string): Promise<void> {
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: 'app',
      response_type: 'code',
      scope: 'openid email profile roles',
      redirect_uri: callback,
      state: 'x',
      nonce: 'n',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    let answer = await this.call('GET', `/oidc/auth?${query.toString()}`);
    for (let hops = 0; hops < 8 && !answer.location?.startsWith(callback); hops += 1) {
      if (answer.location === undefined)
        throw new Error(`stopped at ${answer.status}: ${answer.text.slice(0, 300)}`);
      answer = answer.location.startsWith('/signin')
        ? await this.signIn(answer, email)
        : await this.call('GET', answer.location);
    }
    const code = new URL(answer.location ?? '').searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
    const authorization = `Basic ${Buffer.from('app:a+secret+of+the+application').toString('base64')}`;
    const tokens = await new Visitor().call('POST', '/oidc/token', form, { authorization });
    if (!tokens.text.includes('id_token')) throw new Error(`no tokens: ${tokens.text}`);
  }
}

/** The server's processor time so far, milliseconds: what other work on the machine does not change. */
async function cpuMs(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [usage] = (await once(child, 'message')) as [NodeJS.CpuUsage];
  return (usage.user + usage.system) / 1000;
}

async function measure(
  child: ChildProcess,
  name: string,
  browsers: number,
  next: (index: number) => () => Promise<void>,
): Promise<void> {
  const spans: number[] = [];
  const cpuBefore = await cpuMs(child);
  const start = performance.now();
  await Promise.all(
    Array.from({ length: browsers }, async (_, index) => {
      const one = next(index);
      while (performance.now() - start < runMs) {
        const begun = performance.now();
        await one();
        spans.push(performance.now() - begun);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const cpu = (await cpuMs(child)) - cpuBefore;
  spans.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((spans[Math.floor(spans.length * share)] ?? 0) * 10) / 10;
  console.log(
    JSON.stringify({
      name,
      browsers,
      flowsPerSecond: Math.round((spans.length / seconds) * 10) / 10,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      serverCpuMsPerFlow: Math.round((cpu / spans.length) * 10) / 10,
    }),
  );
}

async function drive(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  await writeFile(join(folder, 'bootstrap.json'), JSON.stringify(bootstrap));
  const child = fork(fileURLToPath(import.meta.url), ['--server'], {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      SECRET_KEY: 'a secret key for the benchmark only, not for use',
      DATA_DIR: join(folder, 'data'),
      BOOTSTRAP_FILE: join(folder, 'bootstrap.json'),
    },
  });
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('the server did not start')));
  });
  const signedIn = (index: number) => {
    const visitor = new Visitor();
    return () => visitor.flow(emailOf(index));
  };
  let turn = 0;
  const fromScratch = () => () => new Visitor().flow(emailOf((turn += 1) % people));
  for (const [name, next] of [
    ['signed in', signedIn],
    ['with password', fromScratch],
  ] as const) {
    for (const browsers of [1, 16]) await measure(child, name, browsers, next);
  }
  child.kill('SIGKILL');
  agent.destroy();
  await rm(folder, { recursive: true, force: true });
}

await (process.argv.includes('--server') ? serve() : drive());
