/**
 * What the support files do after each test and each file. Mocha calls it for every file (environment.ts); a root hook that a support file
 * sets itself would hold for the first file of a process alone when files run in parallel.
 */
export const afterEveryTest: ((title: string) => void)[] = [];
export const afterEveryFile: (() => void | Promise<void>)[] = [];
/** Names the databases of this run, which all its processes share. */
const runId = (process.env['TEST_RUN'] ??= Date.now().toString(36));
/** What the names of all databases of this run begin with. */
export const databasePrefix = `gatehouse-test-${runId}-`;
