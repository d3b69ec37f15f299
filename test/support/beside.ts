/**
 * Asks a server whether it is alive, again and again, until some work is done.
 *
 * @returns the longest that an answer took, in milliseconds: what anybody else had to wait beside that work.
 */
export async function waitedBeside(app: { readonly url: string }, work: Promise<unknown>): Promise<number> {
  const state = { isDone: false };
  const done = work.finally(() => (state.isDone = true));
  let longest = 0;
  while (!state.isDone) {
    const began = performance.now();
    await (await fetch(`${app.url}/healthz`)).text();
    longest = Math.max(longest, performance.now() - began);
  }
  await done;
  return longest;
}
