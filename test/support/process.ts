import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFolder } from '../../src/infrastructure/package-info.js';
import { eventually } from './eventually.js';

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

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
export function runGatehouse(
  args: readonly string[],
  env: Record<string, string>,
  /** Where standard output goes instead: an open file. */
  stdout?: number,
): ServerProcess {
  let text = '';
  // What the build runs is not measured: it would double what the report has to read.
  const { MONGODB_URI: _mongo, NODE_V8_COVERAGE: _coverage, ...rest } = process.env;
  const child = spawn(process.execPath, ['dist/cli/main.js', ...args], {
    cwd: packageFolder,
    env: { ...rest, ...env },
    stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
  });
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exit = once(child, 'exit') as Promise<[number | null]>;
  return { child, output: () => text, exited: async () => (await exit)[0] };
}

/** A file system of its own with little room, for what a full disk does; undefined where this user may not mount one. */
export async function smallDisk(megabytes: number): Promise<SmallDisk | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    await rm(path, { recursive: true });
    return undefined;
  }
  const filler = join(path, 'filler');
  return {
    path,
    async fill() {
      const file = await open(filler, 'a');
      const block = Buffer.alloc(65_536);
      for (const size of [65_536, 4096]) {
        for (;;) {
          const isFull = await file.write(block, 0, size).then(
            () => false,
            () => true,
          );
          if (isFull) break;
        }
      }
      await file.close();
    },
    free: () => rm(filler),
    async remove() {
      execFileSync('umount', ['-l', path]);
      await rm(path, { recursive: true });
    },
  };
}

export interface SmallDisk {
  readonly path: string;
  /** Takes all room that is left. */
  fill(): Promise<void>;
  /** Gives it back. */
  free(): Promise<void>;
  remove(): Promise<void>;
}

/** Waits until a process has printed this, and gives the match: its log may be a moment late. */
export function untilPrinted(server: ServerProcess, pattern: RegExp): Promise<RegExpExecArray> {
  const what = () => `${String(pattern)} is in ${server.output()}`;
  return eventually(() => pattern.exec(server.output()), what, { seconds: 60, pauseMs: 20 });
}

/** Asks an address until it answers with this status. */
export async function untilStatus(url: string, status: number): Promise<void> {
  let got = 0;
  const isSo = async () => {
    got = await fetch(url).then(
      (answer) => answer.status,
      () => 0,
    );
    return got === status;
  };
  await eventually(isSo, () => `${url} answers ${status}, not ${got}`, { seconds: 60, pauseMs: 25 });
}
