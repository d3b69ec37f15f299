import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Registration } from './bench.js';
import type { ClientApplication, Tokens } from './flow.js';

/** What a program of test/interop/clients answers with, one JSON line for each of our lines. */
interface Answer extends Tokens {
  url: string;
  error?: string;
  message?: string;
}

/** Thrown where the library in the child refused. */
class LibraryRefusal extends Error {
  readonly error: string;
  constructor(error: string, message: string | undefined) {
    super(`${error}: ${message ?? ''}`);
    this.error = error;
  }
}

/** Starts a program of test/interop/clients and asks it line by line. */
export function openChild(
  command: string,
  args: string[],
  registration: Registration,
): Promise<ClientApplication> {
  const { issuer, clientId, clientSecret, redirectUri, loggedOutUri, scope } = registration;
  const child = spawn(command, args, {
    env: {
      ...process.env,
      ...{ ISSUER: issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, SCOPE: scope },
      ...{ REDIRECT_URI: redirectUri, LOGGED_OUT_URI: loggedOutUri },
      // The Python libraries refuse http without it; the test server speaks plain http.
      ...{ OAUTHLIB_INSECURE_TRANSPORT: '1', AUTHLIB_INSECURE_TRANSPORT: '1' },
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: 'pipe',
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'exit');
  ended.catch((problem: unknown) => (errors += String(problem)));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();

  async function ask(request: Record<string, string>): Promise<Answer> {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await lines.next();
    if (line.done === true) throw new Error(`${command} has ended: ${errors}`);
    const answer = JSON.parse(line.value) as Answer;
    if (answer.error !== undefined) throw new LibraryRefusal(answer.error, answer.message);
    return answer;
  }

  return Promise.resolve({
    begin: async (prompt) => (await ask({ do: 'begin', ...(prompt && { prompt }) })).url,
    finish: (callback) => ask({ do: 'finish', url: callback }),
    refresh: () => ask({ do: 'refresh' }),
    signOut: async () => (await ask({ do: 'signOut' })).url,
    async close() {
      child.stdin.end();
      child.kill();
      await ended.catch(() => undefined);
    },
  });
}
