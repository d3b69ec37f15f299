interface Pattern {
  form: RegExp;
  places: readonly string[];
  text: string;
  weight: number;
}

const hole = /{{(\d)}}/g;
const plain = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function patternOf([english, text]: [string, string]): Pattern {
  const parts = english.split(hole);
  const fixed = parts.filter((_, index) => index % 2 === 0);
  return {
    form: new RegExp(`^${fixed.map(plain).join('([^]*?)')}$`),
    places: parts.filter((_, index) => index % 2 === 1),
    text,
    weight: fixed.join('').length,
  };
}

const known = new WeakMap<object, readonly Pattern[]>();

/** Texts with values in them; those that say the most themselves come first. */
function patternsOf(texts: Readonly<Record<string, string>>): readonly Pattern[] {
  const patterns =
    known.get(texts) ??
    Object.entries(texts)
      .filter(([english]) => english.includes('{{'))
      .map(patternOf)
      .sort((one, other) => other.weight - one.weight);
  known.set(texts, patterns);
  return patterns;
}

/** The German of a text that the server put together: exactly, or by the pattern that says the most of it. */
export function translated(text: string, texts: Readonly<Record<string, string>>): string {
  const exact = texts[text];
  if (exact !== undefined) return exact;
  for (const { form, places, text: german } of patternsOf(texts)) {
    const found = form.exec(text);
    if (!found) continue;
    const values = new Map(places.map((place, index) => [place, found[index + 1] ?? '']));
    return german.replace(hole, (_, place: string) => translated(values.get(place) ?? '', texts));
  }
  return text;
}
