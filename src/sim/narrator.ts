/** One line of a run: a request and its answer, or something that happened in a browser. */
export interface Event {
  at: Date;
  /** `PATCH /Users/2819c223`, or `browser`. */
  what: string;
  status?: number;
  ms?: number;
  note: string;
  expected: string;
  /** What is wrong; empty when the answer is the expected one. */
  faults: readonly string[];
}

/** Where the report of a run goes. */
export interface Narrator {
  /** A heading, e.g. `Joiner: Grace Hopper`. */
  chapter(title: string): void;
  event(event: Event): void;
}

export type Write = (line: string) => void;

function shorten(what: string): string {
  const text = what.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{20,}/g, (id) => `${id.slice(0, 4)}…${id.slice(-4)}`);
  return text.length > 64 ? `${text.slice(0, 63)}…` : text;
}

/**
 * The line people read: `12:04:11 PATCH /Users/0199…03e1 200 18 ms  active -> false  | expected 200`.
 */
export function formatEvent(event: Event): string {
  const time = event.at.toTimeString().slice(0, 8);
  const answer = event.status === undefined ? '' : ` ${event.status}`;
  const took = event.ms === undefined ? '' : ` ${Math.round(event.ms)} ms`;
  const verdict = event.faults.length === 0 ? '' : `  UNEXPECTED: ${event.faults.join('; ')}`;
  return `${time} ${shorten(event.what)}${answer}${took}  ${event.note}  | expected ${event.expected}${verdict}`;
}

/** Reports the run in lines for people. */
export function textNarrator(write: Write): Narrator {
  return {
    chapter: (title) => write(`\n== ${title}`),
    event: (event) => write(formatEvent(event)),
  };
}

/** Reports the run as one JSON object per line. */
export function jsonNarrator(write: Write): Narrator {
  return {
    chapter: (title) => write(JSON.stringify({ chapter: title })),
    event: (event) => write(JSON.stringify(event)),
  };
}

/** Reports nothing. */
export const silentNarrator: Narrator = { chapter: () => undefined, event: () => undefined };
