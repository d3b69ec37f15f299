import type { Dialect } from '../../../shared/dialects.js';
import {
  bareWordFilter,
  foreignSchemas,
  scalarForComplex,
  severalPrimaries,
  singleForList,
  stringBoolean,
  stringBooleanFilter,
  undeclaredExtension,
  unknownAttribute,
} from './common.js';
import {
  capitalOp,
  complexValueFilter,
  displayNameForDisplay,
  dottedKeys,
  emptyOperations,
  listForSingle,
  malformedEnterpriseUrn,
  packedJson,
  replaceCreatesElement,
  singleValuedFilter,
  unqualifiedExtension,
  unqualifiedExtensionFilter,
} from './entra.js';
import { bareOperations, missingSchemas } from './messages.js';
import { idInValue } from './okta.js';
import { legacyUrns, managerId } from './onelogin.js';
import { removeWithValue } from './removal.js';
import type { BodyRewrite, FilterRewrite, OperationRewrite, Rewrite, ValueRewrite } from './rewrite.js';

/** Every known deviation, in the order of correction: URNs, operations, values (lists before elements), filters, removals. */
export const knownRewrites: readonly Rewrite[] = [
  bareOperations,
  missingSchemas,
  legacyUrns,
  malformedEnterpriseUrn,
  foreignSchemas,
  undeclaredExtension,
  emptyOperations,
  capitalOp,
  idInValue,
  dottedKeys,
  unqualifiedExtension,
  singleValuedFilter,
  replaceCreatesElement,
  listForSingle,
  singleForList,
  managerId,
  stringBoolean,
  packedJson,
  scalarForComplex,
  displayNameForDisplay,
  severalPrimaries,
  unknownAttribute,
  unqualifiedExtensionFilter,
  complexValueFilter,
  stringBooleanFilter,
  bareWordFilter,
  removeWithValue,
];

const common: readonly Rewrite[] = [
  bareOperations,
  missingSchemas,
  foreignSchemas,
  undeclaredExtension,
  unknownAttribute,
  stringBoolean,
  stringBooleanFilter,
  bareWordFilter,
  scalarForComplex,
  singleForList,
  severalPrimaries,
];

const entra: readonly Rewrite[] = [
  malformedEnterpriseUrn,
  emptyOperations,
  capitalOp,
  dottedKeys,
  unqualifiedExtension,
  singleValuedFilter,
  replaceCreatesElement,
  listForSingle,
  packedJson,
  displayNameForDisplay,
  unqualifiedExtensionFilter,
  complexValueFilter,
  removeWithValue,
];

/** The rewrites of a dialect, by what they work on. */
export interface DialectRewrites {
  readonly body: readonly BodyRewrite[];
  readonly bodyLast: readonly BodyRewrite[];
  readonly operation: readonly OperationRewrite[];
  readonly value: readonly ValueRewrite[];
  readonly filter: readonly FilterRewrite[];
  readonly last: readonly OperationRewrite[];
}

function select(chosen: readonly Rewrite[]): DialectRewrites {
  const rewrites = knownRewrites.filter((rewrite) => chosen.includes(rewrite));
  return {
    body: rewrites.filter((rewrite): rewrite is BodyRewrite => rewrite.unit === 'body'),
    bodyLast: rewrites.filter((rewrite): rewrite is BodyRewrite => rewrite.unit === 'body-last'),
    operation: rewrites.filter((rewrite): rewrite is OperationRewrite => rewrite.unit === 'operation'),
    value: rewrites.filter((rewrite) => rewrite.unit === 'value'),
    filter: rewrites.filter((rewrite) => rewrite.unit === 'filter'),
    last: rewrites.filter((rewrite): rewrite is OperationRewrite => rewrite.unit === 'operation-last'),
  };
}

/** `strict` looks for every deviation too: to refuse it by its name; unknown attributes by theirs. */
export const rewritesOf: Readonly<Record<Dialect, DialectRewrites>> = {
  auto: select(knownRewrites),
  strict: select(knownRewrites.filter((rewrite) => rewrite !== unknownAttribute)),
  okta: select([...common, idInValue]),
  entra: select([...common, ...entra]),
  onelogin: select([...common, legacyUrns, managerId]),
  jumpcloud: select([...common, removeWithValue]),
  google: select(common),
  ping: select([...common, removeWithValue]),
};
