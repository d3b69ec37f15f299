import type { ServerOptions } from 'node:http';

/** How the HTTP server listens. */
export const serverOptions: ServerOptions = {
  keepAliveTimeout: 65_000,
  /** Bytes: the longest filter SCIM takes (16,384 characters) fits into an address, escaped. */
  maxHeaderSize: 64 * 1024,
};
