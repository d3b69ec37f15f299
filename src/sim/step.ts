/**
 * One SCIM request of a simulated identity provider as data: what it sends, what must come back, what it remembers of the answer.
 *
 * `{{name.path}}` anywhere in a path, a body or an expectation is replaced by a part of a remembered resource, e.g. `{{ada.id}}`.
 */
export interface Step {
  /** For people: what this request is about, e.g. `active -> false`. */
  note: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the SCIM base address, sent byte for byte after the placeholders are filled in. */
  path: string;
  body?: unknown;
  /** The body is this remembered resource with `body`'s members laid over it (GET, change, PUT). */
  over?: string;
  headers?: Readonly<Record<string, string>>;
  expect: Expectation;
  /** Remembers the resource that was answered. */
  save?: string;
  /** Remembers the first resource of the answered list that matches `where`; forgets the name without a match. */
  find?: string;
  /** What the resource that is found must say: clients that read a whole list look for their own in it. */
  where?: Readonly<Record<string, string>>;
  /** Forgets the name once the request has succeeded. */
  forget?: string;
  /** Sent only while that name is remembered, or is not. */
  when?: { known: string } | { unknown: string };
}

/** What must come back. */
interface Expectation {
  status: readonly number[];
  /** Dotted path in the answer to the value that must stand there; looked at only when the answer has a body. */
  body?: Readonly<Record<string, unknown>>;
  /** Dotted paths that must not be in the answer. */
  absent?: readonly string[];
}

/** What a simulated identity provider knows of the server: resources by the names its steps give them. */
export type Memory = Map<string, Record<string, unknown>>;

/** An answer as the steps see it. */
export interface Answer {
  status: number;
  /** Parsed JSON; undefined for an empty answer. */
  body: unknown;
  ms: number;
  /** By their lower-case names. */
  headers?: Readonly<Record<string, string | string[] | undefined>>;
}

/** A placeholder names something that no earlier answer has given. */
export class UnknownPlaceholder extends Error {
  constructor(text: string) {
    super(`nothing is remembered for {{${text}}}: an earlier step must have failed`);
    this.name = 'UnknownPlaceholder';
  }
}

/**
 * A part of a JSON value.
 *
 * @param path - `emails.0.value`; a segment may be a URN when the path is given as `urn:...|sub`.
 */
function valueAt(value: unknown, path: string): unknown {
  const segments = path.includes('|') ? path.split('|') : path.split('.');
  let current: unknown = value;
  for (const segment of segments) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string, unknown>)[segment];
  }
  return current;
}

function fillText(text: string, memory: Memory): string {
  return text.replaceAll(/\{\{([^{}]+)\}\}/g, (_match, reference: string) => {
    const dot = reference.lastIndexOf('.');
    const value = valueAt(memory.get(reference.slice(0, dot)), reference.slice(dot + 1));
    if (typeof value !== 'string' && typeof value !== 'number') throw new UnknownPlaceholder(reference);
    return String(value);
  });
}

/**
 * Fills in the placeholders of a path, a body or an expectation.
 *
 * @throws UnknownPlaceholder
 */
export function fill(value: unknown, memory: Memory): unknown {
  if (typeof value === 'string') return fillText(value, memory);
  if (Array.isArray(value)) return value.map((entry) => fill(entry, memory));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [fillText(key, memory), fill(entry, memory)]),
  );
}

/** The body a step sends, with its placeholders filled in; undefined for none. */
export function bodyOf(step: Step, memory: Memory): unknown {
  const body = step.body === undefined ? undefined : fill(step.body, memory);
  return step.over === undefined ? body : { ...memory.get(step.over), ...(body as object) };
}

/** Whether the step is to be sent, by what is remembered so far. */
export function isDue(step: Step, memory: Memory): boolean {
  if (step.when === undefined) return true;
  return 'known' in step.when ? memory.has(step.when.known) : !memory.has(step.when.unknown);
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/**
 * Compares an answer with what the step expects.
 *
 * @returns what is wrong, one sentence each; empty when all is well.
 */
export function faultsOf(step: Step, answer: Answer, memory: Memory): string[] {
  const { status, body, absent } = step.expect;
  if (!status.includes(answer.status)) {
    const detail = valueAt(answer.body, 'detail');
    return [`answered ${answer.status}${typeof detail === 'string' ? ` "${detail}"` : ''}`];
  }
  if (answer.body === undefined) return [];
  const wrong = Object.entries(body ?? {}).flatMap(([path, expected]) => {
    const found = valueAt(answer.body, path);
    const wanted = fill(expected, memory);
    return same(found, wanted)
      ? []
      : [
          `${path} is ${found === undefined ? 'absent' : JSON.stringify(found)}, not ${JSON.stringify(wanted)}`,
        ];
  });
  const leaked = (absent ?? []).filter((path) => valueAt(answer.body, path) !== undefined);
  return [...wrong, ...leaked.map((path) => `${path} must not be in the answer`)];
}

/** Takes from a good answer what later steps need. */
export function remember(step: Step, answer: Answer, memory: Memory): void {
  if (step.forget !== undefined) memory.delete(step.forget);
  if (typeof answer.body !== 'object' || answer.body === null) return;
  if (step.save !== undefined) memory.set(step.save, answer.body as Record<string, unknown>);
  if (step.find === undefined) return;
  const list = valueAt(answer.body, 'Resources');
  const wanted = Object.entries(step.where ?? {});
  const found = (Array.isArray(list) ? list : []).find((resource: unknown) =>
    wanted.every(([name, value]) => valueAt(resource, name) === value),
  ) as unknown;
  if (typeof found === 'object' && found !== null) memory.set(step.find, found as Record<string, unknown>);
  else memory.delete(step.find);
}
