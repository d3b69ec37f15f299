import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../src/infrastructure/package-info.js';
import type { Json } from './provider.js';

/** A line of a guide that a reader types: a call of the API, or a command of `gatehouse`. */
export type GuideLine =
  | { kind: 'call'; who: string; method: string; path: string; body: string | undefined }
  | { kind: 'command'; line: string }
  /** The reader notes a field of the answer before. */
  | { kind: 'note'; name: string; field: string; ofFirst: boolean };

const call = /^(vendor|customer|admin) (GET|POST|PATCH|DELETE) "?([^\s"']+)"?(?: '([^']*)')?/;
const command = /^npm run gatehouse -- (.+)/;
const note = /^(\w+)=\.\.\.\s+# "(\w+)" of the (first item)?/;

function lineOf(text: string): GuideLine | undefined {
  const asked = call.exec(text);
  if (asked) {
    const [, who = '', method = '', path = '', body] = asked;
    return { kind: 'call', who, method, path, body };
  }
  const run = command.exec(text);
  if (run) return { kind: 'command', line: run[1] ?? '' };
  const noted = note.exec(text);
  if (!noted) return undefined;
  return { kind: 'note', name: noted[1] ?? '', field: noted[2] ?? '', ofFirst: noted[3] !== undefined };
}

/** What a section of a guide (`## 3. ...`) has its reader type, in order. */
export function linesOf(guide: string, section: number): GuideLine[] {
  const text = readFileSync(join(packageFolder, guide), 'utf8');
  const part = text.split(/^## /m).find((each) => each.startsWith(`${section}.`)) ?? '';
  const blocks = [...part.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  // A body may go over several lines: a new line of the reader's never begins with a blank.
  return blocks.flatMap((block) => block.split(/\n(?!\s)/)).flatMap((line) => lineOf(line) ?? []);
}

/** What a reader has noted, by name, in place of `$NAME`. */
export function fill(text: string, notes: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(\w+)/g, (whole, name: string) => notes[name] ?? whole);
}

export function notedFrom(answer: Json, { field, ofFirst }: { field: string; ofFirst: boolean }): string {
  const source = ofFirst ? (answer['items'] as Json[])[0] : answer;
  const value: unknown = source?.[field];
  if (typeof value !== 'string') throw new Error(`the answer has no ${field}`);
  return value;
}
