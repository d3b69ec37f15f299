/** One step of a migration. It can be repeated: a second time it changes nothing. */
export interface MigrationStep {
  /** What a person reads, e.g. `build index users_login_keys_v2`. */
  readonly title: string;
  apply(): Promise<void>;
}

/** A database that is brought from an older format to the present one. */
export interface MigrationTarget {
  readonly to: number;
  /** The format of what is stored; undefined: nothing is. */
  format(): Promise<number | undefined>;
  /** What is left to do, in order. It changes nothing. */
  steps(): Promise<readonly MigrationStep[]>;
  /**
   * Keeps other migrations away.
   *
   * @returns what lets go of the lock.
   * @throws AppError `store.conflict` while another migration runs.
   */
  lock(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export interface MigrationResult {
  readonly from: number | undefined;
  readonly to: number;
  /** Titles of the steps: those that were done, or with a dry run those that are left. */
  readonly steps: readonly string[];
}

/** Looks at what a migration would do. */
export async function planMigration(target: MigrationTarget): Promise<MigrationResult> {
  const from = await target.format();
  return { from, to: target.to, steps: (await target.steps()).map(({ title }) => title) };
}

/**
 * Brings a database to the present format, step by step under a lock. After an interruption it continues with what is left.
 *
 * @param report - called before each step.
 */
export async function runMigration(
  target: MigrationTarget,
  report: (title: string) => void,
): Promise<MigrationResult> {
  const unlock = await target.lock();
  try {
    const from = await target.format();
    const steps = await target.steps();
    for (const step of steps) {
      report(step.title);
      await step.apply();
    }
    return { from, to: target.to, steps: steps.map(({ title }) => title) };
  } finally {
    await unlock();
  }
}
