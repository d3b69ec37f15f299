import { join } from 'node:path';
import type { Core } from '../../src/identity/core.js';
import { newServices } from '../../src/identity/services.js';
import { loadConfig } from '../../src/infrastructure/config.js';
import { type Config } from '../../src/infrastructure/config-schema.js';
import { createLogger } from '../../src/infrastructure/logger.js';
import { packageFolder } from '../../src/infrastructure/package-info.js';
import { createSecretBox } from '../../src/infrastructure/secret-box.js';
import { cheapPasswords } from './passwords.js';

/** The configuration of tests. */
export const testConfig = (env: Record<string, string> = {}): Config =>
  loadConfig({ NODE_ENV: 'test', ...env }, join(packageFolder, 'config'));

/** A core of tests: the same key for every one, hashes that cost next to nothing, memory of its own. */
export const testCoreOf = (
  parts: Pick<Core, 'config' | 'clock' | 'store' | 'log'> & Partial<Core>,
): Core => ({
  secretBox: createSecretBox('a secret for tests that is long enough'),
  passwords: cheapPasswords(),
  ...newServices(),
  ...parts,
});

export const silentLog = createLogger('silent');
