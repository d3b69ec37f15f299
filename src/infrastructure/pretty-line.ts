import { pino } from 'pino';

/** Characters that could move a terminal's cursor or break the line. */
const control = /\p{Cc}/gu;

const escaped = (text: string): string =>
  text.replace(control, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** A value as a person reads it: plain words as they are, everything else as JSON. */
function valueText(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/u.test(value)) return escaped(value);
  return escaped(JSON.stringify(value));
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function stackOf(err: unknown): string[] {
  const stack = (err as { stack?: unknown } | null | undefined)?.stack;
  if (typeof stack !== 'string') return [];
  return stack.split('\n').map((line) => `    ${escaped(line)}`);
}

const timeText = (time: unknown): string =>
  typeof time === 'number' ? new Date(time).toTimeString().slice(0, 8) : '--:--:--';

/**
 * A log line for a person at a terminal: the time, the level as a word, what happened, and the rest as `name=value`; a fault's stack below.
 *
 * @param line - as pino writes it, one JSON object with its line break; anything else stays as it is.
 */
export function prettyLine(line: string): string {
  const entry = parse(line);
  if (!entry) return line;
  const { level, time, msg, err, ...fields } = entry;
  const word = pino.levels.labels[Number(level)] ?? valueText(level);
  const stack = stackOf(err);
  const rest = stack.length === 0 && err !== undefined ? { ...fields, err } : fields;
  const texts = Object.entries(rest).map(([name, value]) => `${escaped(name)}=${valueText(value)}`);
  const text = typeof msg === 'string' ? escaped(msg) : '';
  const head = [timeText(time), word.toUpperCase().padEnd(5), text, ...texts].filter((part) => part !== '');
  return `${[head.join(' '), ...stack].join('\n')}\n`;
}
