import { createHash } from 'node:crypto';
import type { ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { errorStatus } from '../../shared/error-codes.js';
import type { Route } from '../route.js';
import { Breakable, SchemaFields } from './fields.js';
import { Operation } from './operation.js';
import type { Document } from './schemas.js';
import { referenceStyle } from './style.js';

const digest = createHash('sha256').update(referenceStyle).digest('base64');

/** No script, no request to anywhere; the one style sheet is allowed by its digest. */
export const referencePolicy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; frame-ancestors 'none'`;

const anchorOf = (tag: string): string => `tag-${tag.toLowerCase().replaceAll(' ', '-')}`;

function Navigation({ table, tags }: { table: readonly Route[]; tags: readonly string[] }): ReactElement {
  return (
    <nav aria-label="Calls">
      {tags.map((tag) => (
        <details key={tag}>
          <summary>{tag}</summary>
          <ul>
            <li>
              <a href={`#${anchorOf(tag)}`}>{`All of ${tag}`}</a>
            </li>
            {table
              .filter((route) => route.tag === tag)
              .map((route) => (
                <li key={route.id}>
                  <a href={`#${route.id}`}>{route.summary}</a>
                </li>
              ))}
          </ul>
        </details>
      ))}
      <ul>
        <li>
          <a href="#schemas">Schemas</a>
        </li>
        <li>
          <a href="#codes">Error codes</a>
        </li>
      </ul>
    </nav>
  );
}

function Conventions(): ReactElement {
  return (
    <>
      <p>
        The whole description, for programs, is <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).
      </p>
      <p>
        Send <code>Authorization: Bearer &lt;API key&gt;</code>. Pages in a browser use their session instead
        and send back, with every write, the <code>X-CSRF-Token</code> that <code>GET /api/v1/me</code>{' '}
        answers with. Lists answer <code>items</code>, <code>total</code> and <code>next</code>, the cursor of
        the next page. Items carry an <code>ETag</code>; a write with <code>If-Match</code> is refused with
        412 when another request changed it first.
      </p>
      <p>
        Each call is shown with <code>curl</code>: a click selects the whole command. <code>$KEY</code> is
        your API key, and <code>$ID</code> is the path parameter.
      </p>
    </>
  );
}

function Schemas({ document }: { document: Document }): ReactElement {
  return (
    <section>
      <h2 id="schemas">Schemas</h2>
      {Object.entries(document.components.schemas).map(([name, schema]) => (
        <article key={name} id={`schema-${name}`}>
          <h3>{name}</h3>
          <SchemaFields schema={schema} />
        </article>
      ))}
    </section>
  );
}

function Codes(): ReactElement {
  return (
    <section>
      <h2 id="codes">Error codes</h2>
      <p>
        Errors are problems (RFC 9457): <code>code</code> is stable, <code>errors</code> points at the faults
        of the input, <code>requestId</code> finds the log line.
      </p>
      <dl>
        {Object.entries(errorStatus).map(([code, status]) => (
          <dt key={code} id={code}>
            <code>
              <Breakable text={code} />
            </code>{' '}
            <span className="quiet">{status}</span>
          </dt>
        ))}
      </dl>
    </section>
  );
}

/** The page at `/docs/api`: every call, every schema, and every error code at the place its problem's `type` names. */
export function referencePage(table: readonly Route[], document: Document): string {
  const tags = [...new Set(table.map((route) => route.tag))];
  const page = (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>API · Gatehouse</title>
        <style dangerouslySetInnerHTML={{ __html: referenceStyle }} />
      </head>
      <body>
        <header>
          <h1>Gatehouse API</h1>
          <Conventions />
        </header>
        <Navigation table={table} tags={tags} />
        <main>
          {tags.map((tag) => (
            <section key={tag}>
              <h2 id={anchorOf(tag)}>{tag}</h2>
              {table
                .filter((route) => route.tag === tag)
                .map((route) => (
                  <Operation key={route.id} route={route} document={document} />
                ))}
            </section>
          ))}
          <Schemas document={document} />
          <Codes />
        </main>
      </body>
    </html>
  );
  return `<!doctype html>${renderToStaticMarkup(page)}`;
}
