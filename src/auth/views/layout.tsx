import type { Response } from 'express';
import { createContext, use, type ReactElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { ownBrand, type Brand } from '../../identity/tenants/branding.js';
import { shownText } from '../../shared/hidden-characters.js';
import { shownBrand } from '../page-brand.js';
import { favicon } from './favicon.js';
import { scriptPath } from './script.js';
import { brandStylePath, stylePath } from './styles.js';

/** Of the alert, for the fields it speaks of. */
export const alertId = 'alert';

/** Whose page it is. */
const BrandContext = createContext<Brand>(ownBrand);

/** The brand of the page around. */
export const useBrand = (): Brand => use(BrandContext);

export interface PageProps {
  /** The one heading; also the window's title. */
  title: string;
  /** Read out at once by screen readers. */
  alert?: string | undefined;
  /** What went well. */
  notice?: string | undefined;
  /** Whether the page has fields that the script makes handier; everything works without it. */
  withScript?: boolean;
  children?: ReactNode;
}

function Head({ title, withScript }: { title: string; withScript: boolean }): ReactElement {
  const brand = useBrand();
  return (
    <head>
      <meta charSet="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <title>{`${title} · ${brand.name}`}</title>
      <link rel="icon" href={brand.logoUrl ?? favicon(brand)} />
      <link rel="stylesheet" href={stylePath} />
      {brand.color !== null && <link rel="stylesheet" href={brandStylePath(brand.color)} />}
      {withScript && <script src={scriptPath} defer />}
    </head>
  );
}

/** The organization above the page: people shall see whose password they are asked for. */
function BrandHeader(): ReactElement {
  const { logoUrl, name } = useBrand();
  return (
    <header className="brand">
      {logoUrl === null ? name : <img src={logoUrl} alt={name} referrerPolicy="no-referrer" />}
    </header>
  );
}

function Support(): ReactElement | null {
  const { support } = useBrand();
  if (support.length === 0) return null;
  return (
    <footer>
      {'Need help? '}
      {support.map(({ href, text }, index) => (
        <span key={href}>
          {index > 0 && ' or '}
          <a href={href}>{text}</a>
        </span>
      ))}
    </footer>
  );
}

/** The frame of every page for people who are not in the console: one heading, one column. */
export function Page({ title, alert, notice, withScript = false, children }: PageProps): ReactElement {
  return (
    <html lang="en">
      <Head title={title} withScript={withScript} />
      <body>
        <BrandHeader />
        <main>
          <h1>{title}</h1>
          {alert !== undefined && (
            <p role="alert" id={alertId}>
              {alert}
            </p>
          )}
          {notice !== undefined && <p role="status">{notice}</p>}
          {children}
        </main>
        <Support />
      </body>
    </html>
  );
}

/** Tells password managers whose password it is. */
export function UserNameField({ email, name }: { email: string; name?: string | undefined }): ReactElement {
  return (
    <input
      className="unseen"
      name={name}
      type="text"
      autoComplete="username"
      tabIndex={-1}
      aria-hidden
      readOnly
      value={email}
    />
  );
}

/** The address an account is known by: whole, however long, and in a field that password managers read. */
export function WhoField({ email, name }: { email: string; name?: string }): ReactElement {
  return (
    <>
      <p className="who">{email}</p>
      <UserNameField email={email} name={name} />
    </>
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

/** A page as it is sent. */
export function renderPage(page: ReactElement, brand: Brand): string {
  const html = renderToStaticMarkup(<BrandContext value={brand}>{page}</BrandContext>);
  return `<!doctype html>${shownText(html)}`;
}

/** The policy with the one other place an image comes from: the tenant's logo. */
export function allowLogo(policy: string, { logoUrl }: Brand): string {
  if (!logoUrl?.startsWith('https:')) return policy;
  return policy.replace(/img-src[^;]*/, `$& ${new URL(logoUrl).origin}`);
}

/** Sends a page, in the look of the tenant it is for. Headers of {@link pageHeaders} are set already. */
export function sendPage(res: Response, status: number, page: ReactElement): void {
  const brand = shownBrand(res);
  const policy = res.getHeader('Content-Security-Policy');
  if (typeof policy === 'string') res.setHeader('Content-Security-Policy', allowLogo(policy, brand));
  res.status(status).type('html').send(renderPage(page, brand));
}
