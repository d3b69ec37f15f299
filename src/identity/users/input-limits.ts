import { AppError, type InputFault } from '../../shared/errors.js';

/**
 * How much of everything is taken, in characters (UTF-16 units) unless it says otherwise: the same whichever way it comes in. Far below
 * what a document (16 MB on MongoDB) and an index key of either database bear.
 */
export const inputLimits = {
  userName: 1024,
  /** RFC 5321 section 4.5.3.1.3. */
  email: 254,
  /** A part of a name, a display name, a nick name. */
  name: 1024,
  phone: 100,
  externalId: 300,
  groupName: 1024,
  password: 1000,
  /** Pictures as data URIs, certificates. */
  binary: 65_536,
  /** Any other text. */
  text: 4096,
  /** Values of one multi-valued attribute. */
  values: 500,
  /** All attributes of a resource together. */
  resource: 1_048_576,
} as const;

/** By the attribute's path, without the places of values in their lists. */
const textLimits: ReadonlyMap<string, number> = new Map([
  ...['displayName', 'nickName', 'name.familyName', 'name.givenName', 'name.middleName'].map(
    (path): [string, number] => [path, inputLimits.name],
  ),
  ['emails.value', inputLimits.email],
  ['phoneNumbers.value', inputLimits.phone],
  ['photos.value', inputLimits.binary],
  ['x509Certificates.value', inputLimits.binary],
]);

interface Measure {
  size: number;
  readonly faults: InputFault[];
}

function tooLong(path: string, pointer: string, length: number, most: number): InputFault {
  return { pointer, detail: `${path} is ${length} characters long, at most ${most} are taken` };
}

function measure(into: Measure, value: unknown, path: string, pointer: string): void {
  if (typeof value === 'string') {
    into.size += value.length;
    const most = textLimits.get(path) ?? inputLimits.text;
    if (value.length > most) into.faults.push(tooLong(path, pointer, value.length, most));
  } else if (Array.isArray(value)) {
    if (value.length > inputLimits.values) {
      const detail = `${path} has ${value.length} values, at most ${inputLimits.values} are taken`;
      into.faults.push({ pointer, detail });
    }
    value.forEach((entry, index) => measure(into, entry, path, `${pointer}/${index}`));
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, entry] of Object.entries(value)) {
      into.size += name.length;
      measure(into, entry, `${path}.${name}`, `${pointer}/${name}`);
    }
  }
}

type Attributes = Readonly<Record<string, unknown>>;

/** What stands already is not judged again by a write that leaves it as it is. */
function attributeFaults(attributes: Attributes, before: Attributes): InputFault[] {
  const all: Measure = { size: 0, faults: [] };
  for (const [name, value] of Object.entries(attributes)) {
    const part: Measure = { size: name.length, faults: [] };
    measure(part, value, name, `/${name}`);
    all.size += part.size;
    if (value !== before[name]) all.faults.push(...part.faults);
  }
  if (all.size > inputLimits.resource && attributes !== before) {
    const detail = `the attributes are ${all.size} characters long together, at most ${inputLimits.resource} are taken`;
    all.faults.push({ pointer: '', detail });
  }
  return all.faults;
}

function textFaults(name: string, value: string | null | undefined, before: unknown, most: number) {
  if (!value || value === before || value.length <= most) return [];
  return [tooLong(name, `/${name}`, value.length, most)];
}

/** Few enough that an answer can tell them. */
const maxReported = 10;

function refuse(errors: InputFault[]): void {
  if (errors.length === 0) return;
  throw new AppError('input.invalid', 'something is longer than is taken here', {
    errors: errors.slice(0, maxReported),
  });
}

interface UserParts {
  userName: string;
  externalId: string | null;
  attributes: Attributes;
}

/**
 * @param before - the user as it stands; absent: a new one.
 * @throws AppError `input.invalid` naming each attribute that is too long, and the limit.
 */
export function requireUserLimits(
  { userName, externalId, attributes, password }: UserParts & { password?: string | undefined },
  before?: UserParts,
): void {
  refuse([
    ...textFaults('userName', userName, before?.userName, inputLimits.userName),
    ...textFaults('externalId', externalId, before?.externalId, inputLimits.externalId),
    ...textFaults('password', password, undefined, inputLimits.password),
    ...attributeFaults(attributes, before?.attributes ?? {}),
  ]);
}

interface GroupParts {
  displayName: string;
  externalId: string | null;
  attributes: Attributes;
  roleIds?: readonly string[] | undefined;
  administratorIds?: readonly string[] | undefined;
}

/** See {@link requireUserLimits}. */
export function requireGroupLimits(
  { displayName, externalId, attributes, roleIds = [], administratorIds = [] }: GroupParts,
  before?: GroupParts,
): void {
  refuse([
    ...textFaults('displayName', displayName, before?.displayName, inputLimits.groupName),
    ...textFaults('externalId', externalId, before?.externalId, inputLimits.externalId),
    ...attributeFaults(
      { ...attributes, roleIds, administrators: administratorIds },
      before?.attributes ?? {},
    ),
  ]);
}

/**
 * What a SCIM resource holds, where it is looked at and not stored.
 *
 * @throws AppError `input.invalid`, see {@link requireUserLimits}.
 */
export function requireAttributeLimits(attributes: Attributes): void {
  refuse(attributeFaults(attributes, {}));
}
