import { createHash } from 'node:crypto';
import { roughSize } from './size.js';

/** Replaces a value that is too long to store: its length, and a hash to compare it with other values. */
export interface CutValue {
  readonly cut: true;
  /** In characters; of what is no text, as JSON. */
  readonly length: number;
  /** Of the text as UTF-8; of what is no text, of its JSON. */
  readonly sha256: string;
}

export interface CutLimits {
  /** Of one text. */
  readonly text: number;
  /** Of the value as a whole, after its texts were cut. */
  readonly whole: number;
}

/** Ids and short names are kept however many there are. */
const shortText = 64;

function cut(text: string): CutValue {
  return { cut: true, length: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}

const isShortList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string' && entry.length <= shortText);

function withTextsCut(value: unknown, most: number): unknown {
  if (typeof value === 'string') return value.length > most ? cut(value) : value;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((entry) => withTextsCut(entry, most));
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withTextsCut(entry, most)]));
}

/** A value with its long texts cut, and cut as a whole when it is large even so. Lists of ids are kept. */
export function cutLong(value: unknown, { text, whole }: CutLimits): unknown {
  if (roughSize(value) <= text || isShortList(value)) return value;
  const shorter = withTextsCut(value, text);
  return roughSize(shorter) > whole ? cut(JSON.stringify(value)) : shorter;
}

/** Whether something in a value was cut. */
export function holdsCut(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsCut);
  const { cut: isCut, sha256 } = value as Partial<CutValue>;
  return (isCut === true && typeof sha256 === 'string') || Object.values(value).some(holdsCut);
}
