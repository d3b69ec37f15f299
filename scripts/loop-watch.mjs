// Loaded into a server that is measured (`node --import`): how long it works without looking at its connections. The parent asks over IPC.
// A turn of the event loop is measured in processor time of its thread, so that other programs on the machine change nothing.
import { openSync, readSync } from 'node:fs';

const buffer = Buffer.alloc(64);

/** Milliseconds of processor time of this thread; by the clock where the system does not tell. */
function threadClock() {
  try {
    const file = openSync('/proc/thread-self/schedstat');
    return () => Number(buffer.toString('latin1', 0, readSync(file, buffer, 0, 64, 0)).split(' ')[0]) / 1e6;
  } catch {
    return () => performance.now();
  }
}

const now = threadClock();
let turns = [];
let last = now();
setInterval(() => {
  const at = now();
  turns.push(at - last);
  last = at;
}, 1).unref();

process.on('message', (message) => {
  if (message !== 'report turns') return;
  const sorted = turns.sort((a, b) => a - b);
  const longest = sorted.at(-1) ?? 0;
  // What a request meets that comes at any moment: long turns are met more often.
  const whole = sorted.reduce((sum, turn) => sum + turn, 0);
  let left = whole / 100;
  let met = longest;
  for (let at = sorted.length - 1; at >= 0 && left > 0; at -= 1) left -= met = sorted[at];
  process.send({ longest, met });
  turns = [];
});
process.channel?.unref();
