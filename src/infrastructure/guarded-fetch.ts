import { lookup as resolve, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, fetch as undiciFetch, type RequestInit as UndiciRequestInit } from 'undici';
import { isAddressAllowed, outboundUrlFault, type OutboundPolicy } from './outbound-address.js';

export interface GuardedFetchOptions extends OutboundPolicy {
  /** Largest body that is read, bytes. */
  maxBytes?: number;
  /** From the request to the last byte of the answer, milliseconds. */
  timeoutMs?: number;
}

/** A request that was not sent, or an answer that was not read, for its address, size or time. */
export class OutboundRefused extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause });
    this.name = 'OutboundRefused';
  }
}

/** A name with a closed address. */
export class NameRefused extends OutboundRefused {}

/**
 * What may be told of a name that leads nowhere: the same for one that nobody knows and one with a closed address, as callers could find
 * out names of the server's network by the difference.
 *
 * @returns undefined when an error is about something else.
 */
export function nameFault(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const isUnknown = 'syscall' in error && error.syscall === 'getaddrinfo';
  if (isUnknown || error instanceof NameRefused) return 'its name has no public address';
  return nameFault(error.cause);
}

export type GuardedFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * Name resolution that refuses a name when any of its addresses is closed. The socket connects to the very address that was checked, so a
 * name cannot point elsewhere a moment later (DNS rebinding).
 */
export function guardedLookup(policy: OutboundPolicy): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) {
        callback(error, '', 0);
        return;
      }
      const closed = addresses.find(({ address }) => !isAddressAllowed(address, policy));
      const first = addresses[0];
      if (closed || !first) {
        callback(new NameRefused(`${hostname} resolves to a private address`), '', 0);
        return;
      }
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

async function readLimited(
  body: AsyncIterable<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.byteLength;
    if (size > maxBytes) throw new OutboundRefused(`the answer is larger than ${maxBytes} bytes`);
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Only what a request is made of: a caller's dispatcher, redirect or credentials mode would go around the guard. */
function requestOf(init: RequestInit | undefined, timeoutMs: number): UndiciRequestInit {
  const limit = AbortSignal.timeout(timeoutMs);
  return {
    method: init?.method ?? 'GET',
    headers: [...new Headers(init?.headers).entries()],
    body: (init?.body ?? null) as UndiciRequestInit['body'] & (string | Uint8Array | null),
    signal: init?.signal ? AbortSignal.any([init.signal, limit]) : limit,
    redirect: 'manual',
  };
}

const bodiless = new Set([101, 204, 205, 304]);

/**
 * A `fetch` for addresses that tenants choose (issuers and what their metadata names, key sets, logout addresses): https only, public
 * addresses only, no redirects followed, little to read, little time. Protects the server's network from requests in its name (SSRF).
 *
 * @returns `fetch` that rejects with {@link OutboundRefused}, or with the network's error.
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { maxBytes = 262_144, timeoutMs = 5_000, allowPrivate } = options;
  const policy = { allowPrivate };
  const agent = new Agent({
    connect: { lookup: guardedLookup(policy), timeout: timeoutMs },
    maxHeaderSize: 16_384,
    keepAliveTimeout: 1_000,
  });
  return async (target, init) => {
    const url = new URL(target);
    const fault = outboundUrlFault(url.href, policy);
    if (fault !== undefined) throw new OutboundRefused(`${url.origin} ${fault}`);
    try {
      const answer = await undiciFetch(url, { ...requestOf(init, timeoutMs), dispatcher: agent });
      const bytes = await readLimited(answer.body, maxBytes);
      return new Response(bodiless.has(answer.status) ? null : bytes, {
        status: answer.status,
        statusText: answer.statusText,
        headers: [...answer.headers.entries()],
      });
    } catch (error) {
      if (error instanceof Error && error.cause instanceof OutboundRefused) throw error.cause;
      throw error;
    }
  };
}
