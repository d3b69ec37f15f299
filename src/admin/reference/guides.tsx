import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderToStaticMarkup } from 'react-dom/server';
import { packageFolder } from '../../infrastructure/package-info.js';
import { Markdown } from './markdown.js';
import { referenceStyle } from './style.js';

const folder = join(packageFolder, 'docs', 'guides');

/** The guides that are here, by name. */
function guideNames(): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.md'))
      .map((file) => file.slice(0, -'.md'.length));
  } catch {
    return [];
  }
}

/** Links between guides stay here; those to other documents lead nowhere on this server. */
function linkOf(href: string): string | undefined {
  if (/^https?:|^#/.test(href)) return href;
  const [, name, anchor = ''] = /^([a-z-]+)\.md(#.*)?$/.exec(href) ?? [];
  return name === undefined ? undefined : `/docs/guides/${name}${anchor}`;
}

/**
 * The page at `/docs/guides/{name}`: a guide of ours with this server's own address in place of the example's.
 *
 * @returns undefined when there is no such guide.
 */
export function guidePage(name: string, baseUrl: string): string | undefined {
  if (!guideNames().includes(name)) return undefined;
  const text = readFileSync(join(folder, `${name}.md`), 'utf8').replaceAll(
    'https://gatehouse.example',
    baseUrl,
  );
  const title = /^# (.*)$/m.exec(text)?.[1] ?? name;
  const page = (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${title} · Gatehouse`}</title>
        <style dangerouslySetInnerHTML={{ __html: referenceStyle }} />
      </head>
      <body className="guide">
        <main>
          <Markdown lines={text.split('\n').map((line) => line.trimEnd())} linkOf={linkOf} />
        </main>
      </body>
    </html>
  );
  return `<!doctype html>${renderToStaticMarkup(page)}`;
}
