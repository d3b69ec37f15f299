import type { Attribute, ResourceSchema } from '../attribute.js';
import type { JsonObject } from '../json-value.js';
import type { ScimType } from '../scim-error.js';
import type { SchemaRegistry } from '../schema-registry.js';

/** A request as it stands before the protocol engine reads it. */
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
  readonly op: unknown;
  readonly path: unknown;
  /** undefined: none was sent. */
  readonly value: unknown;
}

export interface RewriteContext {
  readonly request: ScimRequest;
  readonly schema: ResourceSchema;
  readonly registry: SchemaRegistry;
}

interface Named {
  /** Kebab-case; the key it is counted under. */
  readonly name: string;
  /** How dialect `strict` refuses it. */
  readonly scimType: ScimType;
  readonly refusal: string;
}

/**
 * A named deviation of an identity provider from RFC 7644 and its correction. Each `mend` returns its input itself (the very same
 * object) when there is nothing to correct, and must not throw.
 */
export type Rewrite =
  | (Named & {
      readonly unit: 'body';
      mend(body: JsonObject, context: RewriteContext): JsonObject;
    })
  | (Named & {
      /** `operation` runs before the values are read, `operation-last` after. */
      readonly unit: 'operation' | 'operation-last';
      mend(operation: RawOperation, context: RewriteContext): RawOperation | readonly RawOperation[];
    })
  | (Named & {
      readonly unit: 'value';
      /** `whole`: what was sent for the attribute; `element`: one element of a list. */
      mend(value: unknown, attribute: Attribute, position: 'whole' | 'element'): unknown;
    })
  | (Named & {
      readonly unit: 'filter';
      mend(filter: FilterTerm, scope: ResourceSchema | Attribute): FilterTerm;
    });

/** One comparison of a filter, by its text. */
export interface FilterTerm {
  /** As written, with its URN if it has one. */
  readonly name: string;
  readonly operator: string;
  /** The literal as written, quotes included. */
  readonly literal: string;
}

/** Keeps a rewrite's literal type while checking it. */
export function defineRewrite<T extends Rewrite>(rewrite: T): T {
  return rewrite;
}
