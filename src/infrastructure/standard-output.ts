import { writeSync } from 'node:fs';

/** Written at once when so many characters wait: one system call for each line would cost more than making the line. */
const enough = 4096;
/** Most characters that wait while nothing can be written, as when the reader of a pipe is slow. */
const maxWaiting = 1_048_576;
/** How late a line may be, milliseconds. */
const latest = 100;

/** Where log lines go. Writing never waits and never throws: what cannot be written is dropped and counted. */
export interface LineOutput {
  /** @param line - with its line break. */
  write(line: string): void;
  /** Writes what waits, as far as that can be done at once. */
  flush(): void;
  /** How many lines were lost so far. */
  dropped(): number;
}

// On a line of its own, though the last one may have been cut in the middle.
const lossLine = (count: number): string =>
  `\n${JSON.stringify({ level: 40, time: Date.now(), count, msg: 'log lines could not be written and are lost' })}\n`;

/**
 * @param write - writes some bytes and says how many it took, as `fs.writeSync`. When it throws EAGAIN the bytes wait; when it throws
 *   anything else (a full disk, a reader that is gone) they are lost.
 */
export function createLineOutput(write: (bytes: Uint8Array) => number): LineOutput {
  let waiting: string[] = [];
  let size = 0;
  let under = { bytes: new Uint8Array() as Uint8Array, lines: 0, told: 0 };
  let dropped = 0;
  let told = 0;

  const push = (): void => {
    while (under.bytes.length > 0) under.bytes = under.bytes.subarray(write(under.bytes));
  };
  const flush = (): void => {
    try {
      push();
      if (waiting.length === 0) return;
      const untold = dropped - told;
      told = dropped;
      const text = (untold > 0 ? lossLine(untold) : '') + waiting.join('');
      under = { bytes: Buffer.from(text), lines: waiting.length, told: untold };
      waiting = [];
      size = 0;
      push();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
      dropped += under.lines;
      told -= under.told;
      under = { bytes: new Uint8Array(), lines: 0, told: 0 };
    }
  };
  setInterval(flush, latest).unref();
  return {
    write(line) {
      if (size + line.length > maxWaiting) {
        dropped += 1;
        return;
      }
      waiting.push(line);
      size += line.length;
      if (size >= enough && under.bytes.length === 0) flush();
    },
    flush,
    dropped: () => dropped,
  };
}

let output: LineOutput | undefined;

/** Standard output of this process, for log lines. */
export function standardOutput(): LineOutput {
  if (output) return output;
  output = createLineOutput((bytes) => writeSync(1, bytes));
  process.once('exit', () => output?.flush());
  return output;
}
