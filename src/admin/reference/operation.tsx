import type { ReactElement } from 'react';
import type { Route } from '../route.js';
import { curlOf, exampleOf } from './example.js';
import { Breakable, FieldList, SchemaFields, Words } from './fields.js';
import { contentOf, nameOf, resolve, type Document, type Operation as Described } from './schemas.js';

interface OperationProps {
  route: Route;
  document: Document;
}

function Parameters({ operation }: { operation: Described }): ReactElement | null {
  const fields = (operation.parameters ?? []).map((parameter) => ({
    name: parameter.name,
    schema: parameter.schema,
    isRequired: parameter.required === true,
    description: parameter.description ?? (parameter.in === 'path' ? 'in the path' : undefined),
  }));
  if (fields.length === 0) return null;
  return (
    <>
      <h4>Parameters</h4>
      <FieldList fields={fields} />
    </>
  );
}

function Body({ document, operation }: { document: Document; operation: Described }): ReactElement | null {
  const body = contentOf(operation.requestBody);
  if (!body) return null;
  const schema = resolve(document, body.schema);
  return (
    <>
      <h4>Body</h4>
      {Object.keys(schema.properties ?? {}).length > 12 && body.schema.$ref !== undefined ? (
        <details>
          <summary>{`All fields of ${nameOf(body.schema.$ref)}`}</summary>
          <SchemaFields schema={schema} />
        </details>
      ) : (
        <SchemaFields schema={schema} />
      )}
      <p className="quiet">For example</p>
      <pre>{JSON.stringify(exampleOf(document, body.schema), null, 2)}</pre>
    </>
  );
}

function Answers({ document, route, operation }: OperationProps & { operation: Described }): ReactElement {
  const status = String(route.status);
  const success = operation.responses[status];
  const content = contentOf(success);
  const errors = Object.entries(operation.responses).filter(([code]) => Number(code) >= 400);
  return (
    <>
      <h4>{`Answer: ${status} ${success?.description ?? ''}`}</h4>
      {content && content.type !== 'application/json' && (
        <p>
          <code>{content.type}</code>
        </p>
      )}
      {content?.type === 'application/json' && (
        <details>
          <summary>Fields of the answer</summary>
          <SchemaFields schema={resolve(document, content.schema)} />
        </details>
      )}
      <details>
        <summary>{`Errors: ${errors.map(([code]) => code).join(', ')}`}</summary>
        <ul>
          {errors.map(([code, { description }]) => (
            <li key={code}>
              {`${code}: `}
              <Words text={description} />
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

/** One call: what it needs, takes and answers, and how it is made. */
export function Operation({ document, route }: OperationProps): ReactElement | null {
  const path = `/api/v1${route.path}`;
  const operation = document.paths[path]?.[route.method];
  if (!operation) return null;
  const isSelf = route.permission === 'self';
  return (
    <article id={route.id}>
      <h3>{route.summary}</h3>
      <code className="call">
        <span className={`method ${route.method}`}>{route.method.toUpperCase()}</span>{' '}
        <Breakable text={path} />
      </code>
      <p className="quiet">
        {isSelf ? (
          'Needs a session: people about themselves.'
        ) : (
          <>
            Needs the permission{' '}
            <code>
              <Breakable text={route.permission} />
            </code>
            .
          </>
        )}
      </p>
      <pre>{curlOf(document, { method: route.method, path, operation, isSelf })}</pre>
      <Parameters operation={operation} />
      <Body document={document} operation={operation} />
      <Answers document={document} route={route} operation={operation} />
    </article>
  );
}
