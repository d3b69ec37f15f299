import { packageVersion } from '../infrastructure/package-info.js';
import { startServer, type RunningServer } from '../main.js';
import { bannerLines } from './banner.js';
import { exitCodes, type Command } from './command.js';
import { readConfig, startFailure } from './server-core.js';
import { stopRequested } from './stop-requested.js';

/** After the drain time, how long a stop may take before the process ends anyway, milliseconds. */
const hardStop = 20_000;

/** Lines for a person at a terminal, one log line for everybody else. */
async function tellStarted(server: RunningServer): Promise<void> {
  const { log, store } = server.core;
  if (process.stdout.isTTY) process.stdout.write(`${(await bannerLines(server)).join('\n')}\n`);
  else log.info({ url: server.url, version: packageVersion, storage: store.description }, 'started');
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
    await tellStarted(server);
    await stopRequested();
    const timer = setTimeout(() => process.exit(exitCodes.failed), config.drainSeconds * 1000 + hardStop);
    await server.stop();
    clearTimeout(timer);
    return exitCodes.ok;
  },
};
