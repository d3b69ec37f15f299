/** Makes many of something, a few dozen at a time: a database server has only so many connections. */
export async function crowd<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  while (made.length < count) {
    const some = Math.min(40, count - made.length);
    made.push(...(await Promise.all(Array.from({ length: some }, make))));
  }
  return made;
}
