import { runCli } from '../../src/cli/main.js';

/** What a command line gave. */
export interface CliOutcome {
  code: number;
  out: string;
  err: string;
  /** What `--json` printed. */
  json: () => Record<string, unknown>;
}

/** Runs one command line in this process, its words apart by single spaces. */
export async function runLine(line: string, env: Record<string, string>, input = ''): Promise<CliOutcome> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(line.split(' ').filter(Boolean), {
    env: { NODE_ENV: 'test', ...env },
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    readInput: () => Promise.resolve(input),
  });
  return {
    code,
    out: out.join('\n'),
    err: err.join('\n'),
    json: () => JSON.parse(out.join('\n')) as Record<string, unknown>,
  };
}
