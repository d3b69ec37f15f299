import mongoose, { type mongo } from 'mongoose';

/** What jobs, the request log and its counts do in their own time. */
const background = / (jobs|scim_requests|deviation_counts)$/;
/** Who takes a lease of a background job does so by a counter, e.g. `lease:audit-seal`. */
const isLease = ({ command }: mongo.CommandStartedEvent): boolean =>
  String((command as { query?: { _id?: unknown } }).query?._id).startsWith('lease:');

/** Collects the commands that all connections of this process send while some work runs, e.g. `find users`. */
export async function commandsOf(work: () => Promise<unknown>): Promise<string[]> {
  const clients = mongoose.connections
    .filter(({ readyState }) => readyState === mongoose.ConnectionStates.connected)
    .map((connection) => connection.getClient());
  const commands: string[] = [];
  const note = (event: mongo.CommandStartedEvent): void => {
    const { commandName, command } = event;
    if (isLease(event)) return;
    commands.push(`${commandName} ${String((command as Record<string, unknown>)[commandName])}`);
  };
  for (const client of clients) client.on('commandStarted', note);
  try {
    await work();
  } finally {
    for (const client of clients) client.off('commandStarted', note);
  }
  return commands.filter((command) => !background.test(command));
}
