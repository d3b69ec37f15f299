import { createHash } from 'node:crypto';
import type { ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { errorStatus } from '../shared/error-codes.js';
import type { Route } from './route.js';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8885; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
`;

/** No script, no request to anywhere; the one style sheet is allowed by its digest. */
export const referencePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; frame-ancestors 'none'`;

function Operations({ routes }: { routes: readonly Route[] }): ReactElement {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Call</th>
          <th scope="col">What it does</th>
          <th scope="col">Permission</th>
        </tr>
      </thead>
      <tbody>
        {routes.map((route) => (
          <tr key={route.id} id={route.id}>
            <td>
              <code>{`${route.method.toUpperCase()} /api/v1${route.path}`}</code>
            </td>
            <td>{route.summary}</td>
            <td>{route.permission === 'self' ? 'a session' : <code>{route.permission}</code>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Conventions(): ReactElement {
  return (
    <>
      <p>
        The whole description, with every schema, is <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).
      </p>
      <p>
        Send <code>Authorization: Bearer &lt;API key&gt;</code>. Pages in a browser use their session instead
        and send back, with every write, the <code>X-CSRF-Token</code> that <code>GET /api/v1/me</code>{' '}
        answers with. Lists answer <code>items</code>, <code>total</code> and <code>next</code>, the cursor of
        the next page. Items carry an <code>ETag</code>; a write with <code>If-Match</code> is refused with
        412 when somebody was faster.
      </p>
    </>
  );
}

function Codes(): ReactElement {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Code</th>
          <th scope="col">Status</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(errorStatus).map(([code, status]) => (
          <tr key={code} id={code}>
            <td>
              <code>{code}</code>
            </td>
            <td>{status}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The page at `/docs/api`: every call, and every error code at the place its problem's `type` names. */
export function referencePage(table: readonly Route[]): string {
  const tags = [...new Set(table.map((route) => route.tag))];
  const page = (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>API · Gatehouse</title>
        <style dangerouslySetInnerHTML={{ __html: style }} />
      </head>
      <body>
        <main>
          <h1>Gatehouse API</h1>
          <Conventions />
          {tags.map((tag) => (
            <section key={tag}>
              <h2>{tag}</h2>
              <Operations routes={table.filter((route) => route.tag === tag)} />
            </section>
          ))}
          <h2>Error codes</h2>
          <p>
            Errors are problems (RFC 9457): <code>code</code> is stable, <code>errors</code> points at the
            faults of the input, <code>requestId</code> finds the log line.
          </p>
          <Codes />
        </main>
      </body>
    </html>
  );
  return `<!doctype html>${renderToStaticMarkup(page)}`;
}
