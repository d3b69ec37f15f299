#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../infrastructure/config.js';
import { packageVersion } from '../infrastructure/package-info.js';
import { AppError } from '../shared/errors.js';
import { CommandError, exitCodes, helpOf, readArguments, UsageError } from './command.js';
import type { Command, ExitCode, Terminal } from './command.js';
import { commands } from './commands.js';

const linesOf = (listed: readonly Command[]): string[] =>
  listed.map((command) => `  ${command.name.padEnd(18)}${command.summary}`);

function overview(): string {
  return [
    'gatehouse COMMAND [options]',
    '',
    ...linesOf(commands),
    '',
    'See `gatehouse COMMAND --help`.',
    '',
  ].join('\n');
}

/** The command whose one or two words begin the line. */
function findCommand(args: readonly string[]): { command: Command; rest: readonly string[] } | undefined {
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(' ');
    const command = commands.find((candidate) => candidate.name === name);
    if (command) return { command, rest: args.slice(words) };
  }
  return undefined;
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ConfigError) return exitCodes.config;
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof AppError) return error.status >= 500 ? exitCodes.unavailable : exitCodes.failed;
  return exitCodes.software;
}

/** What an exit code is called in JSON, where no rule of the domain has a code of its own. */
const codeNames: Readonly<Record<number, string>> = {
  [exitCodes.failed]: 'command.refused',
  [exitCodes.usage]: 'command.usage',
  [exitCodes.data]: 'command.data',
  [exitCodes.noInput]: 'command.no_input',
  [exitCodes.unavailable]: 'server.unavailable',
  [exitCodes.software]: 'server.error',
  [exitCodes.config]: 'config.invalid',
};

function machineFacts(error: unknown, exitCode: ExitCode, message: string) {
  const listed = error instanceof ConfigError || error instanceof CommandError ? error.problems : undefined;
  const code = error instanceof AppError ? error.code : codeNames[exitCode];
  return { code, problems: listed ?? [message] };
}

/** What went wrong: `{error, code, errors}` with `--json`, else plain lines; a bug with its stack. */
function reportFailure(terminal: Terminal, error: unknown, json: boolean, command: string): ExitCode {
  const exitCode = exitCodeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const faults = error instanceof AppError ? error.errors : [];
  if (json) {
    terminal.out(
      JSON.stringify({ error: message, ...machineFacts(error, exitCode, message), errors: faults, exitCode }),
    );
    return exitCode;
  }
  terminal.err(`gatehouse ${command}: ${message}`);
  for (const fault of faults) terminal.err(`  ${fault.pointer}: ${fault.detail}`);
  if (exitCode === exitCodes.usage) terminal.err(`See gatehouse ${command} --help.`);
  if (exitCode === exitCodes.software && error instanceof Error) terminal.err(error.stack ?? '');
  return exitCode;
}

/** What to say to a first word that is no command: the commands that begin with it, or all. */
function notFound(first: string): string {
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  return group.length > 0
    ? `gatehouse ${first}: one word more is missing:\n${linesOf(group).join('\n')}`
    : `gatehouse: there is no command ${first}\n\n${overview()}`;
}

/**
 * Runs one command line.
 *
 * @param args - without `node` and the script.
 * @returns the exit code (docs/cli.md).
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first] = args;
  if (first === undefined || ['--help', '-h', 'help'].includes(first)) {
    terminal.out(overview());
    return first === undefined ? exitCodes.usage : exitCodes.ok;
  }
  if (['--version', '-v', 'version'].includes(first)) {
    terminal.out(packageVersion);
    return exitCodes.ok;
  }
  const found = findCommand(args);
  if (!found) {
    terminal.err(notFound(first));
    return exitCodes.usage;
  }
  const { command, rest } = found;
  const json = rest.includes('--json');
  try {
    const { values, positionals } = readArguments(command, rest);
    if (values['help'] === true) {
      terminal.out(helpOf(command));
      return exitCodes.ok;
    }
    const report = (result: object, lines: readonly string[]): void =>
      terminal.out(json ? JSON.stringify(result) : lines.join('\n'));
    return await command.run({ values, positionals, terminal, report });
  } catch (error) {
    return reportFailure(terminal, error, json, command.name);
  }
}

/** Whether this file is what `node` was asked to run (by its own name, or through the link npm makes for the bin). */
function isProgram(): boolean {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isProgram()) {
  // The reader of our output may stop reading (`gatehouse sim run | head`): that ends the command quietly.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.software);
  });
  process.exitCode = await runCli(process.argv.slice(2), {
    env: process.env,
    out: (line) => console.log(line),
    err: (line) => console.error(line),
    readInput: () => text(process.stdin),
  });
}
