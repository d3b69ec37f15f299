import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { packageFolder } from '../../src/infrastructure/package-info.js';

/** A server as a process of its own, for what only a process can show: exit codes, signals, kill -9. */
export interface ServerProcess {
  readonly child: ChildProcess;
  /** Everything it printed so far, both streams. */
  output(): string;
  /** Waits for the end and gives its exit code (null: killed). */
  exited(): Promise<number | null>;
}

/** Makes the build anew when the sources are newer; call it in a `before` hook with time to spare. */
export function buildIfStale(): void {
  execFileSync(process.execPath, ['scripts/build-if-stale.mjs'], { cwd: packageFolder });
}

/** Runs `gatehouse …` as it is shipped, from the build. */
export function runGatehouse(args: readonly string[], env: Record<string, string>): ServerProcess {
  let text = '';
  const { MONGODB_URI: _mongo, ...rest } = process.env;
  const child = spawn(process.execPath, ['dist/cli/main.js', ...args], {
    cwd: packageFolder,
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exit = once(child, 'exit') as Promise<[number | null]>;
  return { child, output: () => text, exited: async () => (await exit)[0] };
}

/** Polls an address until it answers with this status; throws after `seconds`. */
export async function untilStatus(url: string, status: number, seconds = 20): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const got = await fetch(url).then(
      (answer) => answer.status,
      () => 0,
    );
    if (got === status) return;
    if (performance.now() > deadline)
      throw new Error(`${url} answered ${got}, not ${status}, for ${seconds} s`);
    await delay(50);
  }
}
