/** How many letters have to be added, dropped or changed to make one word of another (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** No name is longer; the work for anything else would be a stranger's to choose. */
const maxCharacters = 200;

/** The name that the user most likely meant; undefined when none is near. Case does not matter. */
export function nearest(typed: string, names: Iterable<string>): string | undefined {
  if (typed.length > maxCharacters) return undefined;
  const wanted = typed.toLowerCase();
  let best: { name: string; away: number } | undefined;
  for (const name of names) {
    const most = name.length < 5 ? 1 : Math.max(2, Math.floor(name.length / 3));
    if (Math.abs(name.length - typed.length) > most) continue;
    const away = distance(wanted, name.toLowerCase());
    if (away <= most && away < (best?.away ?? Infinity)) best = { name, away };
  }
  return best?.name;
}
