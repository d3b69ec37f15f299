import { resolve, type Document, type Operation, type Schema } from './schemas.js';

/** What a reader finds plausible, by the name of a field or place. */
const byName: Readonly<Record<string, unknown>> = {
  slug: 'acme',
  email: 'ada@acme.test',
  emails: ['ada@acme.test', 'grace@acme.test'],
  userName: 'ada@acme.test',
  givenName: 'Ada',
  familyName: 'Byron',
  displayName: 'Engineering',
  phone: '+44 20 7946 0000',
  name: 'Acme CRM',
  key: 'crm',
  clientId: 'crm',
  redirectUris: ['https://crm.acme.test/callback'],
  issuer: 'https://login.acme.test',
  domain: 'acme.test',
  roles: ['administrator'],
  role: 'administrator',
  permissions: ['users.read'],
  members: ['01890f7e-5c3b-7a11-9d2e-3f4a5b6c7d8e'],
  enabled: true,
  message: 'Welcome to Acme.',
  code: '123456',
  currentPassword: 'the one you have',
  newPassword: 'four plain words together',
  password: 'the one you have',
  path: 'groups.displayName',
  is: 'Engineering',
  grant: ['administrator'],
  'lockout.threshold': 5,
  description: 'What it is for',
  'branding.color': '#1d4ed8',
};

/** Optional fields that make an example worth copying. */
const worthShowing = ['givenName', 'familyName', 'roles', 'enabled', 'message', 'lockout.threshold'];

function plainExample({ format, minimum, type }: Schema, name: string): unknown {
  const kind = [type].flat()[0];
  if (kind === 'boolean') return true;
  if (kind === 'integer' || kind === 'number') return Math.max(minimum ?? 1, 1);
  if (kind !== 'string') return null;
  if (format === 'date-time') return '2030-06-30T18:00:00Z';
  return name === '' ? 'text' : `the ${name}`;
}

/** The fields an example shows: those that must be there, and those worth showing; the first one where that is none. */
function shownFields({ properties = {}, required = [] }: Schema): string[] {
  const names = Object.keys(properties);
  const shown = names.filter((name) => required.includes(name) || worthShowing.includes(name));
  return shown.length > 0 ? shown : names.slice(0, 1);
}

function objectExample(document: Document, schema: Schema): Record<string, unknown> {
  const { properties = {} } = schema;
  return Object.fromEntries(
    shownFields(schema).map((name) => [name, exampleOf(document, properties[name] ?? {}, name)]),
  );
}

/** Whether a plausible value is of the kind the schema asks for. */
function fits(schema: Schema, value: unknown): boolean {
  if (schema.enum) return schema.enum.includes(value);
  const kind = Array.isArray(value) ? 'array' : typeof value === 'number' ? 'integer' : typeof value;
  if (!(schema.type === undefined ? [] : [schema.type].flat()).includes(kind)) return false;
  return !Array.isArray(value) || !schema.items || value.every((item) => fits(schema.items ?? {}, item));
}

/** What several schemas ask for together. */
function merged(document: Document, parts: readonly Schema[]): Schema {
  return parts
    .map((part) => resolve(document, part))
    .map((part) => (part.allOf ? merged(document, part.allOf) : part))
    .reduce((all, part) => ({
      ...all,
      ...part,
      properties: { ...all.properties, ...part.properties },
      required: [...(all.required ?? []), ...(part.required ?? [])],
    }));
}

/** A value the schema takes, which is plausible to read. */
export function exampleOf(document: Document, given: Schema, name = ''): unknown {
  const schema = resolve(document, given);
  const known = byName[name];
  if (known !== undefined && fits(schema, known)) return known;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return exampleOf(document, schema.anyOf[0] ?? {}, name);
  if (schema.allOf) return exampleOf(document, merged(document, schema.allOf), name);
  if (schema.properties) return objectExample(document, schema);
  if ([schema.type].flat()[0] === 'array')
    return schema.items ? [exampleOf(document, schema.items, name)] : [];
  if ([schema.type].flat()[0] === 'object') return {};
  return plainExample(schema, name);
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

interface Call {
  method: string;
  path: string;
  operation: Operation;
  /** People about themselves: a session in place of a key. */
  isSelf: boolean;
}

/** The call as a line to be copied; `$KEY` holds the API key. */
export function curlOf(document: Document, { isSelf, method, operation, path }: Call): string {
  const server = document.servers[0]?.url ?? '';
  const place = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    name === 'domain' ? 'acme.test' : `$${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
  );
  const body = operation.requestBody?.content?.['application/json']?.schema;
  const write = method !== 'get';
  const lines = [
    `curl${write ? ` -X ${method.toUpperCase()}` : ''} "${server}${place}"`,
    ...(isSelf
      ? ['-b cookies.txt', ...(write ? ['-H "X-CSRF-Token: $CSRF_TOKEN"'] : [])]
      : ['-H "Authorization: Bearer $KEY"']),
    ...(body
      ? [
          `-H 'Content-Type: application/json'`,
          `-d ${quoted(JSON.stringify(exampleOf(document, body), null, 2))}`,
        ]
      : []),
  ];
  return lines.join(' \\\n  ');
}
