import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Exit codes, after sysexits.h where it has one; documented in docs/cli.md. */
export const exitCodes = {
  ok: 0,
  /** The command ran and was refused: by a rule, or because a check failed. */
  failed: 1,
  /** EX_USAGE: unknown command or option, a missing argument. */
  usage: 64,
  /** EX_DATAERR: a file that was given has faults. */
  data: 65,
  /** EX_NOINPUT: a file that was given cannot be read. */
  noInput: 66,
  /** EX_UNAVAILABLE: the database does not answer, the port is taken. */
  unavailable: 69,
  /** EX_SOFTWARE: a bug. */
  software: 70,
  /** EX_CONFIG: the configuration has faults; all are printed. */
  config: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The terminal, replaced in tests. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  err(text: string): void;
  /** All of standard input. */
  readInput(): Promise<string>;
}

export interface OptionDefinition {
  readonly type: 'string' | 'boolean';
  readonly describe: string;
  /** The placeholder of the value in the help, e.g. `ADDRESS`. */
  readonly value?: string;
  readonly required?: boolean;
}

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** What a command is given: its options, its other arguments, and where to answer. */
export interface Invocation {
  readonly values: OptionValues;
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
  /** Prints the result: as one JSON value with `--json`, else the lines for people. */
  readonly report: (result: Readonly<Record<string, unknown>>, lines: readonly string[]) => void;
}

export interface Command {
  /** One or two words, e.g. `token create`. */
  readonly name: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, OptionDefinition>>;
  /** Names of the arguments without a dash, e.g. `['FILE']`. */
  readonly positionals: readonly string[];
  /** One more that may be left out. */
  readonly optional?: string;
  run(invocation: Invocation): Promise<ExitCode>;
}

/** A wrong command line: exit code 64, with a hint at `--help`. */
export class UsageError extends Error {}

/** A fault outside the domain's rules, with the exit code it means. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  /** Each fault by itself, where there are several. */
  readonly problems: readonly string[] | undefined;

  constructor(exitCode: ExitCode, message: string, problems?: readonly string[]) {
    super(message);
    this.exitCode = exitCode;
    this.problems = problems;
  }
}

/**
 * What a person means by a name or an id: the newest of that name.
 *
 * @param all - the oldest first.
 */
export const findNamed = <T extends { readonly _id: string; readonly name: string }>(
  all: readonly T[],
  nameOrId: string,
): T | undefined => all.findLast(({ _id, name }) => name === nameOrId || _id === nameOrId);

const everywhere: Readonly<Record<string, OptionDefinition>> = {
  json: { type: 'boolean', describe: 'print one JSON value' },
  help: { type: 'boolean', describe: 'print this help' },
};

/**
 * Reads a command's arguments.
 *
 * @throws UsageError for what the command does not know or cannot do without.
 */
export function readArguments(
  command: Command,
  args: readonly string[],
): { values: OptionValues; positionals: string[] } {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, option] of Object.entries({ ...command.options, ...everywhere })) {
    options[name] = { type: option.type };
  }
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
    });
    if (values['help'] === true) return { values: { help: true }, positionals };
    requireComplete(command, values as OptionValues, positionals);
    return { values: values as OptionValues, positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(argumentFault(error, Object.keys(options)));
  }
}

/** Node's own sentences on a wrong command line, in ours. */
function argumentFault(error: unknown, known: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error);
  const option = /'(--?[^' <]+)/.exec(message)?.[1] ?? '';
  if (message.startsWith('Unknown option')) {
    return `there is no option ${option}; there are ${known.map((name) => `--${name}`).join(', ')}`;
  }
  if (message.includes('does not take an argument')) return `${option} takes no value`;
  if (message.includes('is ambiguous'))
    return `${option} needs a value; one that begins with a dash is written ${option}=VALUE`;
  if (message.includes('argument missing')) return `${option || 'an option'} needs a value`;
  return message;
}

function requireComplete(command: Command, values: OptionValues, positionals: readonly string[]): void {
  const more = positionals.length - command.positionals.length;
  if (more < 0 || more > (command.optional === undefined ? 0 : 1)) {
    const wanted = command.positionals.length === 0 ? 'no further arguments' : command.positionals.join(' ');
    throw new UsageError(`takes ${wanted}`);
  }
  for (const [name, option] of Object.entries(command.options)) {
    if (option.required && values[name] === undefined) throw new UsageError(`--${name} is missing`);
  }
}

/** The text of an option, for those that take one. */
export function textOf(values: OptionValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** The help of one command. */
export function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...everywhere }).map(([name, option]) => {
    const left = `  --${name}${option.type === 'string' ? ` ${option.value ?? 'TEXT'}` : ''}`;
    return `${left.padEnd(28)}${option.describe}${option.required ? ' (required)' : ''}`;
  });
  const optional = command.optional === undefined ? [] : [`[${command.optional}]`];
  const usage = ['gatehouse', command.name, ...command.positionals, ...optional, '[options]'].join(' ');
  return [usage, '', `  ${command.summary}`, '', 'Options', ...options, ''].join('\n');
}
