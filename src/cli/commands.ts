import type { Command } from './command.js';
import { checkCommand } from './check.js';
import { openApiCommand } from './openapi.js';
import { startCommand } from './start.js';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [startCommand, checkCommand, openApiCommand];
