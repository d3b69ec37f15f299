import type { AttributePath } from '../attribute-path.js';

export type CompareOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';

/**
 * A filter, bound to the schema: every attribute is known, every value has its attribute's type, `null` comparisons are `pr`.
 *
 * - `[]`: one element of `path` satisfies `filter`, whose paths are relative to the element.
 * - `never`: false for every resource (an attribute this resource type does not have).
 */
export type FilterNode =
  | { readonly op: 'and' | 'or'; readonly filters: readonly FilterNode[] }
  | { readonly op: 'not'; readonly filter: FilterNode }
  | { readonly op: 'pr'; readonly path: AttributePath }
  | CompareNode
  | { readonly op: '[]'; readonly path: AttributePath; readonly filter: FilterNode }
  | { readonly op: 'never' };

export interface CompareNode {
  readonly op: CompareOperator;
  readonly path: AttributePath;
  /** A dateTime stays as written. */
  readonly value: string | number | boolean;
}
