import { z } from '../schema.js';

/** An instant, UTC. */
export const instant = z.iso.datetime().describe('UTC, ISO 8601');
export const instantOrNull = instant.nullable();
export const id = z.string().describe('stable, never reused');

/** A text a person types: trimmed, not empty, one line. */
export const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(most)
    .regex(/^[^\p{Cc}]*$/u, 'must not hold control characters');

export const iso = (date: Date): string => date.toISOString();
export const isoOrNull = (date: Date | null): string | null => date?.toISOString() ?? null;

export const roleNames = z
  .array(z.string().min(1).max(200))
  .max(200)
  .describe('keys of roles: a tenant role’s key, or `applicationKey:roleKey`. Give the least that is needed');
