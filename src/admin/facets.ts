import { z } from './schema.js';

/** The parameter that chooses facets; all where it is absent, unless `byDefault` says which. */
export function facetsParameter<const N extends readonly [string, ...string[]]>(
  names: N,
  byDefault: string = names.join(','),
) {
  return z
    .string()
    .default(byDefault)
    .transform((text) => [...new Set(text.split(','))])
    .pipe(z.array(z.enum(names)))
    .describe(`one or several with commas: ${names.join(', ')}`);
}

/** The form of every answer about facets. */
export function facetsOf<const N extends readonly [string, ...string[]]>(names: N) {
  const facet = z.strictObject({
    name: z.enum(names),
    values: z.array(z.strictObject({ value: z.string(), count: z.number().int() })),
  });
  return z.strictObject({
    total: z.number().int().describe('how many match the filters'),
    facets: z.array(facet),
  });
}

/** Values that are counted of one facet. */
const maxValues = 100;

interface Question<N extends string, F extends object> {
  /** The filters of the list. */
  readonly filter: F;
  /** The values of a facet, each with the filter that means it. */
  readonly valuesOf: (name: N) => readonly (readonly [value: string, filter: Partial<F>])[];
  readonly count: (filter: F) => Promise<number>;
}

/** Counts how many there are of each value, under the other filters: a facet shows what another choice of it would give. */
export async function countFacets<N extends string, F extends object>(
  names: readonly N[],
  { count, filter, valuesOf }: Question<N, F>,
): Promise<{ total: number; facets: { name: N; values: { value: string; count: number }[] }[] }> {
  const facets = [];
  for (const name of names) {
    const values = [];
    for (const [value, own] of valuesOf(name).slice(0, maxValues))
      values.push({ value, count: await count({ ...filter, ...own }) });
    facets.push({ name, values });
  }
  return { total: await count(filter), facets };
}
