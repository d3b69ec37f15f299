type AttributeType =
  'string' | 'boolean' | 'decimal' | 'integer' | 'dateTime' | 'binary' | 'reference' | 'complex';

/** An attribute's characteristics as `/Schemas` shows them (RFC 7643 section 7). */
export interface AttributeDefinition {
  readonly name: string;
  readonly type: AttributeType;
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
  readonly returned: 'always' | 'never' | 'default' | 'request';
  readonly uniqueness: 'none' | 'server' | 'global';
  /** Hints, not a limit (RFC 7643 section 7). */
  readonly canonicalValues?: readonly string[];
  readonly referenceTypes?: readonly string[];
  readonly subAttributes?: readonly AttributeDefinition[];
}

/** A schema as `/Schemas` shows it. */
export interface SchemaDefinition {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly AttributeDefinition[];
}

/** Attributes by canonical and by lower-case name; look up with {@link findAttribute}. */
export type AttributeMap = ReadonlyMap<string, Attribute>;

/** An attribute ready for use: look-ups are made once, when the schema is compiled. */
export interface Attribute extends AttributeDefinition {
  /** For messages: `emails.value`. */
  readonly path: string;
  readonly subs: AttributeMap;
  /** The sub-attribute `value`, which a multi-valued attribute means when none is named (RFC 7643 section 2.4). */
  readonly valueSub: Attribute | undefined;
  /** Elements carry `primary`. */
  readonly hasPrimary: boolean;
  /** Sub-attributes without which a value says nothing. */
  readonly requiredSubs: readonly Attribute[];
}

/** An extension of a resource type. */
export interface SchemaExtension {
  /** Short name, free of dots: the key extension data is stored under. */
  readonly alias: string;
  readonly urn: string;
  readonly schema: SchemaDefinition;
  readonly required: boolean;
  /** PUT without this extension keeps its data: what the service provider decides is not cleared by a client that does not know it. */
  readonly retained: boolean;
  readonly attributes: AttributeMap;
}

/** A resource type with its schemas, compiled once. */
export interface ResourceSchema {
  readonly name: string;
  readonly endpoint: string;
  readonly description: string;
  readonly core: SchemaDefinition;
  readonly extensions: readonly SchemaExtension[];
  /** Core and common attributes (`schemas`, `id`, `externalId`, `meta`). */
  readonly attributes: AttributeMap;
  /** Extensions by lower-case URN. */
  readonly extensionsByUrn: ReadonlyMap<string, SchemaExtension>;
  /** Attributes that an answer shows only on request, or never. */
  readonly concealed: readonly { urn: string | undefined; name: string }[];
}

type Overrides = Partial<Omit<AttributeDefinition, 'name' | 'description'>>;

/** An attribute with the defaults of RFC 7643 section 2.2: an optional, caseless, single-valued, read-write string. */
export function defineAttribute(
  name: string,
  description: string,
  overrides: Overrides = {},
): AttributeDefinition {
  return {
    name,
    type: 'string',
    multiValued: false,
    description,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...overrides,
  };
}

/** Looks an attribute up by its name, without regard to case. */
export function findAttribute(attributes: AttributeMap, name: string): Attribute | undefined {
  return attributes.get(name) ?? attributes.get(name.toLowerCase());
}

/** Makes a schema's attributes ready for use. */
function compileAttributes(definitions: readonly AttributeDefinition[], prefix = ''): AttributeMap {
  const attributes = new Map<string, Attribute>();
  for (const definition of definitions) {
    const attribute = compileAttribute(definition, prefix);
    attributes.set(definition.name, attribute);
    attributes.set(definition.name.toLowerCase(), attribute);
  }
  return attributes;
}

function compileAttribute(definition: AttributeDefinition, prefix: string): Attribute {
  const path = `${prefix}${definition.name}`;
  const subs = compileAttributes(definition.subAttributes ?? [], `${path}.`);
  return {
    ...definition,
    path,
    subs,
    valueSub: subs.get('value'),
    requiredSubs: [...new Set(subs.values())].filter(({ required }) => required),
    hasPrimary: definition.multiValued && subs.get('primary')?.type === 'boolean',
  };
}

/** The attributes every resource has (RFC 7643 section 3.1); they are part of no schema document. */
const commonAttributes: readonly AttributeDefinition[] = [
  defineAttribute('schemas', 'URIs of the schemas in use.', {
    type: 'reference',
    multiValued: true,
    mutability: 'readOnly',
    returned: 'always',
  }),
  defineAttribute('id', 'Identifier issued by the service provider.', {
    caseExact: true,
    mutability: 'readOnly',
    returned: 'always',
    uniqueness: 'server',
  }),
  defineAttribute('externalId', 'Identifier issued by the provisioning client.', { caseExact: true }),
  defineAttribute('meta', 'Resource metadata.', {
    type: 'complex',
    mutability: 'readOnly',
    subAttributes: [
      defineAttribute('resourceType', 'Resource type name.', { caseExact: true, mutability: 'readOnly' }),
      defineAttribute('created', 'When it was added.', { type: 'dateTime', mutability: 'readOnly' }),
      defineAttribute('lastModified', 'When it last changed.', { type: 'dateTime', mutability: 'readOnly' }),
      defineAttribute('location', 'Its URI.', {
        type: 'reference',
        caseExact: true,
        mutability: 'readOnly',
      }),
      defineAttribute('version', 'Its entity tag.', { caseExact: true, mutability: 'readOnly' }),
    ],
  }),
];

export interface ExtensionInput {
  alias: string;
  schema: SchemaDefinition;
  retained?: boolean;
  required?: boolean;
}

/** Compiles a resource type; done once, at start. */
export function compileResourceSchema(input: {
  name: string;
  endpoint: string;
  description: string;
  core: SchemaDefinition;
  extensions: readonly ExtensionInput[];
}): ResourceSchema {
  const extensions = input.extensions.map(({ alias, schema, retained = false, required = false }) => ({
    alias,
    urn: schema.id,
    schema,
    required,
    retained,
    attributes: compileAttributes(schema.attributes),
  }));
  return {
    ...input,
    extensions,
    attributes: compileAttributes([...commonAttributes, ...input.core.attributes]),
    extensionsByUrn: new Map(extensions.map((extension) => [extension.urn.toLowerCase(), extension])),
    concealed: [undefined, ...extensions].flatMap((extension) =>
      (extension?.schema ?? input.core).attributes
        .filter(({ returned }) => returned === 'never' || returned === 'request')
        .map(({ name }) => ({ urn: extension?.urn, name })),
    ),
  };
}
