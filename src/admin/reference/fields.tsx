import { Fragment, type ReactElement, type ReactNode } from 'react';
import { kindOf, nameOf, type Schema } from './schemas.js';

/** A path or dotted name that may be broken after each of its parts, and nowhere inside a word. */
export function Breakable({ text }: { text: string }): ReactElement {
  const parts = text.split(/(?<=[/._-])/);
  return (
    <>
      {parts.map((part, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </>
  );
}

/** The text of a description: text in back quotes is code. */
export function Words({ text }: { text: string }): ReactElement {
  return (
    <>
      {text.split('`').map((part, index) =>
        index % 2 === 1 ? (
          <code key={index}>
            <Breakable text={part} />
          </code>
        ) : (
          part
        ),
      )}
    </>
  );
}

/** The schema a value is of, to be looked up below. */
function referenceOf(schema: Schema): string | undefined {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  return schema.items ? referenceOf(schema.items) : undefined;
}

/** The values there are; none of them is broken. */
function Choice({ values }: { values: readonly unknown[] }): ReactElement {
  return (
    <>
      {values.map((value, index) => (
        <Fragment key={index}>
          {index > 0 && ', '}
          <code className="whole">{typeof value === 'string' ? value : JSON.stringify(value)}</code>
        </Fragment>
      ))}
    </>
  );
}

/** What a value may be; a schema with a name leads to it. */
function Kind({ schema }: { schema: Schema }): ReactElement {
  if (schema.enum) return <Choice values={schema.enum} />;
  const name = referenceOf(schema);
  const kind = kindOf(schema);
  return name === undefined ? <>{kind}</> : <a href={`#schema-${name}`}>{kind}</a>;
}

interface FieldProps {
  name: string;
  schema: Schema;
  isRequired: boolean;
  description?: string | undefined;
}

function Field({ description, isRequired, name, schema }: FieldProps): ReactElement {
  const text = description ?? schema.description;
  return (
    <>
      <dt>
        <code>
          <Breakable text={name} />
        </code>{' '}
        <span className="quiet">
          <Kind schema={schema} />
        </span>
        {isRequired && <span className="must"> required</span>}
      </dt>
      {text !== undefined && (
        <dd>
          <Words text={text} />
        </dd>
      )}
      {schema.default !== undefined && (
        <dd>
          When absent: <code>{JSON.stringify(schema.default)}</code>
        </dd>
      )}
    </>
  );
}

/** Fields or parameters with their kinds and meaning. */
export function FieldList({ fields }: { fields: readonly FieldProps[] }): ReactElement {
  return (
    <dl>
      {fields.map((field) => (
        <Field key={field.name} {...field} />
      ))}
    </dl>
  );
}

/** The fields of an object; for other schemas what they are. */
export function SchemaFields({ schema }: { schema: Schema }): ReactNode {
  if (!schema.properties) {
    return (
      <p>
        <Kind schema={schema} />
      </p>
    );
  }
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties).map(([name, property]) => ({
    name,
    schema: property,
    isRequired: required.has(name),
  }));
  return <FieldList fields={fields} />;
}
