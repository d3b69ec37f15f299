import type { Attribute, ResourceSchema } from '../attribute.js';
import type { JsonObject } from '../json-value.js';
import type { ScimType } from '../scim-error.js';

/** A request before the protocol engine reads it. */
export interface ScimRequest {
  readonly method: string;
  /** Below `/scim/v2`, without the query: `/Users/123`. */
  readonly path: string;
  /** Parsed query parameters. */
  readonly query: JsonObject;
  /** Parsed JSON, or undefined. */
  readonly body: unknown;
}

/** An operation of a PATCH with its members under their canonical names; their types are not checked yet. */
export interface RawOperation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly value?: unknown;
}

export interface RewriteContext {
  readonly request: ScimRequest;
  readonly schema: ResourceSchema;
  /** Is there a sign that Entra ID sent it: the directory's dialect, the flag in its URL, or a deviation only Entra has? */
  readonly isEntra: boolean;
  /** The attributes that operations of this PATCH add or replace, in lower case, without their URN. */
  readonly setPaths: () => ReadonlySet<string>;
}

/** One comparison of a filter, by its text. */
export interface FilterTerm {
  /** As written, with its URN if it has one. */
  readonly name: string;
  /** In lower case. */
  readonly op: string;
  /** The literal as written, quotes included. */
  readonly literal: string;
}

/** Where the name of a term is looked up: at the resource, or at the elements of an attribute. */
export type FilterScope = ResourceSchema | Attribute;

interface Deviation {
  /** Kebab-case; the key it is counted under. */
  readonly name: string;
  /** How dialect `strict` refuses it. */
  readonly scimType: ScimType;
  readonly refusal: string;
}

export interface BodyRewrite extends Deviation {
  /** `body` runs before the values are corrected, `body-last` after, on resources only. */
  readonly unit: 'body' | 'body-last';
  correct(body: JsonObject, context: RewriteContext): JsonObject;
}

export interface OperationRewrite extends Deviation {
  /** `operation` runs before the values are corrected, `operation-last` after. */
  readonly unit: 'operation' | 'operation-last';
  correct(operation: RawOperation, context: RewriteContext): RawOperation | readonly RawOperation[];
}

export interface ValueRewrite extends Deviation {
  readonly unit: 'value';
  /** `whole`: what was sent for the attribute; `element`: one element of the list sent. */
  correct(value: unknown, attribute: Attribute, position: 'whole' | 'element'): unknown;
}

export interface FilterRewrite extends Deviation {
  readonly unit: 'filter';
  correct(term: FilterTerm, scope: FilterScope): FilterTerm;
}

/**
 * A deviation of identity providers from RFC 7644 and its correction. Each `correct` is pure, does not throw, and returns its input itself
 * when there is nothing to correct.
 */
export type Rewrite = BodyRewrite | OperationRewrite | ValueRewrite | FilterRewrite;

/** The name of an attribute without its URN, in lower case. */
export function simpleNameOf(path: string): string {
  return path.slice(path.lastIndexOf(':') + 1).toLowerCase();
}
