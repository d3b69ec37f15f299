// `npm run check`: everything that judges the sources without starting the server, and the coverage of the tests, as many at a time as there are cores.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

// The longest first, so that none of them is left to run alone: the coverage may have to run the whole suite.
const steps = [
  ['coverage'],
  ['lint:src'],
  ['lint:tests'],
  ['typecheck'],
  ['unused'],
  ['format:check'],
  ['deps:check'],
  ['docs:config', '--', '--check'],
  ['docs:settings', '--', '--check'],
  ['docs:events', '--', '--check'],
  ['docs:requirements', '--', '--check'],
  ['words'],
];

/** Runs one script of package.json; its output comes as a whole, so that two do not mix. */
function run(args) {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    const start = performance.now();
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => {
      const seconds = Math.round((performance.now() - start) / 1000);
      console.log(`== ${args[0]}: ${code === 0 ? 'ok' : 'failed'} in ${seconds} s`);
      process.stdout.write(Buffer.concat(output));
      resolve(code === 0);
    });
  });
}

const waiting = [...steps];
const outcomes = [];
async function work() {
  for (let step = waiting.shift(); step; step = waiting.shift()) outcomes.push(await run(step));
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
process.exit(outcomes.every(Boolean) ? 0 : 1);
