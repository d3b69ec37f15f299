import { errorUrn } from './urns.js';

/** The `scimType` words of RFC 7644 section 3.12 (table 9) and RFC 9865 section 2. */
export const scimTypes = [
  'invalidFilter',
  'tooMany',
  'uniqueness',
  'mutability',
  'invalidSyntax',
  'invalidPath',
  'noTarget',
  'invalidValue',
  'invalidVers',
  'sensitive',
  'invalidCursor',
  'expiredCursor',
  'invalidCount',
] as const;
export type ScimType = (typeof scimTypes)[number];

/** The wire form of an error: `status` is a string equal to the HTTP status (RFC 7644 section 3.12). */
export interface ScimErrorBody {
  schemas: [typeof errorUrn];
  status: string;
  scimType?: ScimType;
  detail: string;
}

/** A refusal in SCIM's own terms; everything under `protocol/` throws this and nothing else. */
export class ScimError extends Error {
  readonly status: number;
  readonly scimType: ScimType | undefined;
  readonly detail: string;

  constructor(status: number, scimType: ScimType | undefined, detail: string) {
    super(detail);
    this.name = 'ScimError';
    this.status = status;
    this.scimType = scimType;
    this.detail = detail;
  }
}

/** A 400 with a `scimType`: the common case. */
export function badRequest(scimType: ScimType, detail: string): ScimError {
  return new ScimError(400, scimType, detail);
}

/** Renders an error for the response body or for one operation of a BulkResponse. */
export function toErrorBody(error: Pick<ScimError, 'status' | 'scimType' | 'detail'>): ScimErrorBody {
  return {
    schemas: [errorUrn],
    status: String(error.status),
    ...(error.scimType === undefined ? {} : { scimType: error.scimType }),
    detail: error.detail,
  };
}
