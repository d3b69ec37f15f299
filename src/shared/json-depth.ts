/** How deep JSON may nest that comes in: a SCIM resource in a bulk operation needs eight levels. */
export const deepestJson = 40;

/** Whether a value nests deeper than so many levels; itself never recurses further than that. */
export function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) {
    if (nestsDeeper((value as Record<string, unknown>)[key], levels - 1)) return true;
  }
  return false;
}
