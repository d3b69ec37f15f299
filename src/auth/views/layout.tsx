import type { Response } from 'express';
import type { ReactElement, ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { shownText } from '../../shared/hidden-characters.js';
import { stylePath } from './styles.js';

/** Of the alert, for the fields it speaks of. */
export const alertId = 'alert';

export interface PageProps {
  /** The one heading; also the window's title. */
  title: string;
  /** Read out at once by screen readers. */
  alert?: string | undefined;
  children?: ReactNode;
}

/** The frame of every page for people who are not in the console: one heading, one column, no script. */
export function Page({ title, alert, children }: PageProps): ReactElement {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{`${title} · Gatehouse`}</title>
        <link rel="stylesheet" href={stylePath} />
      </head>
      <body>
        <main>
          <h1>{title}</h1>
          {alert !== undefined && (
            <p role="alert" id={alertId}>
              {alert}
            </p>
          )}
          {children}
        </main>
      </body>
    </html>
  );
}

/** The hidden fields every form carries. */
export function Hidden({
  csrf,
  values = {},
}: {
  csrf: string;
  values?: Record<string, string>;
}): ReactElement {
  return (
    <>
      <input type="hidden" name="_csrf" value={csrf} />
      {Object.entries(values).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
    </>
  );
}

/** Sends a page. Headers of {@link pageHeaders} are set already. */
export function sendPage(res: Response, status: number, page: ReactElement): void {
  res
    .status(status)
    .type('html')
    .send(`<!doctype html>${shownText(renderToStaticMarkup(page))}`);
}
