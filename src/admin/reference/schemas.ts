/** What the reference reads of the OpenAPI document. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  default?: unknown;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  description?: string;
}

interface Content {
  content?: Record<string, { schema: Schema }>;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: Schema;
}

export interface Operation {
  parameters?: Parameter[];
  requestBody?: Content;
  responses: Record<string, Content & { description: string }>;
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
  servers: { url: string }[];
}

/** The name of the schema a reference points to. */
export const nameOf = (reference: string): string => reference.split('/').at(-1) ?? '';

/** A schema itself, or the one it refers to. */
export function resolve(document: Document, schema: Schema): Schema {
  return schema.$ref === undefined ? schema : (document.components.schemas[nameOf(schema.$ref)] ?? {});
}

/** The one body of a request or an answer, with its media type. */
export function contentOf(holder: Content | undefined): { type: string; schema: Schema } | undefined {
  const [entry] = Object.entries(holder?.content ?? {});
  return entry && { type: entry[0], schema: entry[1].schema };
}

function limitsOf({ maxLength, maximum, minimum }: Schema): string {
  if (maxLength !== undefined) return `, at most ${maxLength} characters`;
  const isAny = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER;
  if (minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER)
    return isAny ? `, from ${minimum}` : `, ${minimum} to ${maximum}`;
  return isAny ? '' : `, at most ${maximum}`;
}

/** A schema's kind in a few words, e.g. `array of text or null`; its name where it has one. */
export function kindOf(schema: Schema): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.anyOf) return [...new Set(schema.anyOf.map(kindOf))].join(' or ');
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  const types = [schema.type ?? 'anything'].flat();
  const words = types.map((type) => {
    if (type === 'array') return `array of ${schema.items ? kindOf(schema.items) : 'anything'}`;
    if (type === 'string') return schema.format === 'date-time' ? 'date-time' : 'string';
    return type;
  });
  return `${words.join(' or ')}${limitsOf(schema)}`;
}
