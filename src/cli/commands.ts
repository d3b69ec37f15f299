import type { Command } from './command.js';
import { checkCommand } from './check.js';
import { demoCommand } from './demo.js';
import { openApiCommand } from './openapi.js';
import { simCommand, simRunCommand } from './sim.js';
import { startCommand } from './start.js';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  startCommand,
  demoCommand,
  simCommand,
  simRunCommand,
  checkCommand,
  openApiCommand,
];
