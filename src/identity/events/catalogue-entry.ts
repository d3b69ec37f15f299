/** An event as the catalogue describes it. */
export interface EventType {
  /** What happened, in words. */
  readonly text: string;
  /** The kind of thing it was done to; null: none. */
  readonly target: string | null;
  /** Examples of what changed: path, before, after. */
  readonly changes?: readonly (readonly [path: string, before: unknown, after: unknown])[];
  readonly failed?: true;
}

type Change = readonly [path: string, before: unknown, after: unknown];

export const event = (target: string | null, text: string, ...changes: Change[]): EventType => ({
  text,
  target,
  changes,
});
export const failure = (target: string | null, text: string, ...changes: Change[]): EventType => ({
  ...event(target, text, ...changes),
  failed: true,
});
