import { startServer, type RunningServer } from '../main.js';
import { bannerLines, startFacts } from './banner.js';
import { exitCodes, type Command, type Terminal } from './command.js';
import { endNow, guardProcess } from './process-end.js';
import { readConfig, startFailure } from './server-core.js';
import { stopRequested } from './stop-requested.js';

/** After the drain time, how long a stop may take before the process ends anyway, milliseconds. */
const hardStop = 20_000;

/** Lines for a person at a terminal, log lines with the same facts for everybody else. */
async function tellStarted(server: RunningServer, terminal: Terminal): Promise<void> {
  const { missing, ...facts } = await startFacts(server, terminal.env);
  // The log may go into a file while somebody watches: `npm start > log`.
  const screen = [process.stdout, process.stderr].find(({ isTTY }) => isTTY);
  if (screen) {
    screen.write(`${bannerLines({ ...facts, missing }).join('\n')}\n`);
    if (screen === process.stdout) return;
  }
  const { log } = server.core;
  log.info(facts, 'started');
  if (missing) {
    const { what, ...ways } = missing;
    log.warn(ways, what);
  }
}

export const startCommand: Command = {
  name: 'start',
  summary: 'start the server',
  options: {},
  positionals: [],
  async run({ terminal }) {
    const config = readConfig(terminal);
    const server = await startServer(config).catch((error: unknown) => {
      throw startFailure(error);
    });
    guardProcess(server.core.log);
    await tellStarted(server, terminal);
    await stopRequested();
    const timer = setTimeout(
      () => {
        server.core.log.error('the stop took too long: the process ends');
        endNow();
      },
      config.drainSeconds * 1000 + hardStop,
    );
    await server.stop();
    clearTimeout(timer);
    return exitCodes.ok;
  },
};
