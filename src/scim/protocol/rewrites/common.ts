import type { Attribute } from '../attribute.js';
import { isJsonObject, readMember } from '../json-value.js';
import { findIn } from './filter-text.js';
import type { BodyRewrite, FilterRewrite, ValueRewrite } from './rewrite.js';
import { withoutUnknown } from './unknown-attributes.js';

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

const booleanText = /^(?:true|false)$/i;

/**
 * Wrong: `{"path": "active", "value": "False"}`. Right: `{"path": "active", "value": false}`.
 *
 * Entra ID without `aadOptscim062020`, and others through attribute mappings. Boolean attributes only.
 */
export const stringBoolean: ValueRewrite = {
  name: 'string-boolean',
  unit: 'value',
  scimType: 'invalidValue',
  refusal: 'a boolean must be true or false, not a string',
  correct: (value, { type }) =>
    type === 'boolean' && typeof value === 'string' && booleanText.test(value)
      ? value.toLowerCase() === 'true'
      : value,
};

/** Wrong: `roles[primary eq "True"]`, `active eq True`. Right: `roles[primary eq true]`, `active eq true`. */
export const stringBooleanFilter: FilterRewrite = {
  name: 'string-boolean-filter',
  unit: 'filter',
  scimType: 'invalidFilter',
  refusal: 'a boolean compares with true or false, not with a string',
  correct(term, scope) {
    const text = /^(?:"(true|false)"|(true|false))$/i.exec(term.literal);
    const literal = (text?.[1] ?? text?.[2])?.toLowerCase();
    if (literal === undefined || literal === term.literal) return term;
    return findIn(scope, term.name)?.type === 'boolean' ? { ...term, literal } : term;
  },
};

/** Words with another meaning at the place of a value, or the beginning of a string in other quotes. */
const notBare = /^(?:and|or|not|eq|ne|co|sw|ew|gt|ge|lt|le|pr|null|["'`´‘’“”«».].*)$/is;
const textOperators = new Set(['eq', 'ne', 'co', 'sw', 'ew']);

/**
 * Wrong: `userName eq akadmin`, `employeeNumber eq 12345` (WSO2, authentik, documentation of Microsoft): a text without quotes. Right: with
 * them. One word only: where a blank, `and` or a parenthesis leaves a doubt, the filter stays as it is and is refused.
 *
 * @see https://github.com/goauthentik/authentik/issues/16455
 */
export const bareWordFilter: FilterRewrite = {
  name: 'bare-word-filter',
  unit: 'filter',
  scimType: 'invalidFilter',
  refusal: 'a text in a filter must stand in double quotes',
  correct(term, scope) {
    if (notBare.test(term.literal)) return term;
    const attribute = findIn(scope, term.name);
    const type = (attribute?.type === 'complex' ? attribute.valueSub : attribute)?.type;
    const isText = type === 'string' || type === 'reference' || type === 'binary';
    const isFit = isText ? textOperators.has(term.op) : type === 'dateTime';
    return isFit ? { ...term, literal: JSON.stringify(term.literal) } : term;
  },
};

/**
 * Wrong: `"manager": "id"`, `"roles": ["Admin"]`, `"members": ["id"]`. Right: `{"value": ...}` each; for `""`, which an attribute mapping
 * sends when it has nothing, no value.
 *
 * @see https://github.com/AzureAD/SCIMReferenceCode/issues/24
 */
export const scalarForComplex: ValueRewrite = {
  name: 'scalar-for-complex',
  unit: 'value',
  scimType: 'invalidValue',
  refusal: 'a complex value must be an object',
  correct(value, attribute, position) {
    const isScalar =
      typeof value === 'string' && attribute.valueSub !== undefined && isSingle(attribute, position);
    if (!isScalar) return value;
    return value === '' ? null : { value };
  },
};

function isSingle(attribute: Attribute, position: 'whole' | 'element'): boolean {
  return position === 'element' || !attribute.multiValued;
}

/** Wrong: `"emails": {"value": "a@b.test"}`. Right: `"emails": [{"value": "a@b.test"}]`. */
export const singleForList: ValueRewrite = {
  name: 'single-for-list',
  unit: 'value',
  scimType: 'invalidValue',
  refusal: 'a multi-valued attribute must be an array',
  correct: (value, attribute, position) =>
    position === 'whole' && attribute.multiValued && !Array.isArray(value) ? [value] : value,
};

/** Wrong: two elements with `"primary": true`. Right: one (RFC 7643 section 2.4); the first is kept. */
export const severalPrimaries: ValueRewrite = {
  name: 'several-primaries',
  unit: 'value',
  scimType: 'invalidValue',
  refusal: 'at most one value may be primary',
  correct(value, attribute, position) {
    if (position !== 'whole' || !attribute.hasPrimary || !isList(value)) return value;
    const preferred = value.find(claimsPrimary);
    const isSurplus = (element: unknown): boolean => element !== preferred && claimsPrimary(element);
    if (!value.some(isSurplus)) return value;
    return value.map((element) =>
      isSurplus(element) && isJsonObject(element) ? { ...element, primary: false } : element,
    );
  },
};

/** Lists are looked at before their elements: the flag may still be a string. */
function claimsPrimary(element: unknown): boolean {
  const flag = isJsonObject(element) ? element['primary'] : undefined;
  return flag === true || (typeof flag === 'string' && flag.toLowerCase() === 'true');
}

/**
 * Wrong: `schemas` with URNs of no schema here, or one twice (Entra ID adds
 * `http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group`). Right: without them.
 */
export const foreignSchemas: BodyRewrite = {
  name: 'foreign-schemas',
  unit: 'body',
  scimType: 'invalidSyntax',
  refusal: '"schemas" must name schemas of the resource only, each once',
  correct(body, { schema, request }) {
    const schemas: unknown = readMember(body, 'schemas');
    if (request.method === 'PATCH' || !isList(schemas)) return body;
    const seen = new Set<string>();
    const known = schemas.filter((urn) => {
      if (typeof urn !== 'string') return true;
      const folded = urn.toLowerCase();
      const isKept =
        !seen.has(folded) && (folded === schema.core.id.toLowerCase() || schema.extensionsByUrn.has(folded));
      seen.add(folded);
      return isKept;
    });
    return known.length === schemas.length ? body : { ...body, schemas: known };
  },
};

/**
 * Wrong: attributes and sub-attributes no schema has, from a mapping or template that names what is not here. Right: without them
 * (RFC 7644 section 3.3 lets a server ignore them). Counted, because an administrator may miss that data. `strict` refuses them by their names.
 */
export const unknownAttribute: BodyRewrite = {
  name: 'unknown-attribute',
  unit: 'body-last',
  scimType: 'invalidSyntax',
  refusal: 'there is an attribute that is in no schema',
  correct: (body, { schema }) => withoutUnknown(body, schema),
};

/** Wrong: data under an extension's URN that `schemas` does not name (Entra ID, custom extensions). Right: with its URN there. */
export const undeclaredExtension: BodyRewrite = {
  name: 'undeclared-extension',
  unit: 'body',
  scimType: 'invalidSyntax',
  refusal: '"schemas" must name every extension there is data of',
  correct(body, { schema, request }) {
    const schemas: unknown = readMember(body, 'schemas');
    if (request.method === 'PATCH' || !isList(schemas)) return body;
    const declared = new Set(schemas.map((urn) => String(urn).toLowerCase()));
    const missing = Object.keys(body)
      .map((name) => schema.extensionsByUrn.get(name.toLowerCase())?.urn)
      .filter((urn) => urn !== undefined && !declared.has(urn.toLowerCase()));
    return missing.length === 0 ? body : { ...body, schemas: [...schemas, ...missing] };
  },
};
