import { exitCodes } from './command.js';

/** Resolves at the first SIGTERM or SIGINT; from then on a second one ends the process at once, with exit code 1. */
export function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (): void => {
      if (asked) process.exit(exitCodes.failed);
      asked = true;
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
