import { listResponseUrn } from '../urns.js';

export interface ListResponse<T = unknown> {
  schemas: [typeof listResponseUrn];
  totalResults?: number;
  itemsPerPage: number;
  startIndex?: number;
  nextCursor?: string;
  previousCursor?: string;
  Resources: T[];
}

/** The position of a page: by index (RFC 7644 section 3.4.2.4) or by cursor (RFC 9865 section 2.2; no `nextCursor` on the last page). */
export type PagePosition =
  { startIndex: number } | { nextCursor: string | undefined; previousCursor?: string | undefined };

/** Renders one page; `totalResults` counts all matches (undefined: not known, RFC 9865 section 2.2), `itemsPerPage` what is on this page. */
export function toListResponse<T>(
  resources: T[],
  totalResults: number | undefined,
  position: PagePosition,
): ListResponse<T> {
  const response: ListResponse<T> = {
    schemas: [listResponseUrn],
    ...(totalResults !== undefined && { totalResults }),
    itemsPerPage: resources.length,
    Resources: resources,
  };
  if ('startIndex' in position) response.startIndex = position.startIndex;
  else {
    if (position.nextCursor !== undefined) response.nextCursor = position.nextCursor;
    if (position.previousCursor !== undefined) response.previousCursor = position.previousCursor;
  }
  return response;
}
