import type { Core } from '../../src/identity/core.js';
import { newServices } from '../../src/identity/services.js';

/** The core of another process on the same database: it shares nothing else. */
export const asOtherProcess = <C extends Core>(core: C, parts: Partial<Core> = {}): C => ({
  ...core,
  ...newServices(),
  ...parts,
});
