import type { Response } from 'express';
import { createContext, use, type ReactElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { ownBrand, type Brand } from '../../identity/tenants/branding.js';
import { shownText } from '../../shared/hidden-characters.js';
import { shownBrand } from '../page-brand.js';
import { shownLanguage, themeFor, type Theme } from '../page-choices.js';
import { favicon } from './favicon.js';
import { LanguageContext, languages, useLanguage, useText, type Language } from './language.js';
import { scriptPath } from './script.js';
import { brandStylePath, stylePath } from './styles.js';

/** Of the alert, for the fields it speaks of. */
export const alertId = 'alert';

/** Whose page it is. */
const BrandContext = createContext<Brand>(ownBrand);

/** How this answer is shown beside its brand. */
interface Look {
  theme: Theme;
  /** Own path the page is read again from in another language; absent: it cannot be. */
  path?: string | undefined;
}

const LookContext = createContext<Look>({ theme: 'auto' });

/** The theme of the page around. */
export const useTheme = (): Theme => use(LookContext).theme;

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
  /** Of a page that is one of several: the links to all of them, and what stands in the line above. */
  frame?: { nav: ReactNode; ways: ReactNode };
  /** Whether it has more to show than a form. */
  isWide?: boolean;
  /** After how many seconds it is read again; absent: never. */
  refreshSeconds?: number | undefined;
  children?: ReactNode;
}

function Head({
  refreshSeconds,
  title,
  withScript,
}: Pick<PageProps, 'refreshSeconds' | 'title'> & { withScript: boolean }): ReactElement {
  const brand = useBrand();
  return (
    <head>
      <meta charSet="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      {refreshSeconds !== undefined && <meta httpEquiv="refresh" content={String(refreshSeconds)} />}
      <title>{`${title} · ${brand.name}`}</title>
      <link rel="icon" href={brand.logoUrl ?? favicon(brand)} />
      <link rel="stylesheet" href={stylePath} />
      {brand.color !== null && <link rel="stylesheet" href={brandStylePath(brand.color)} />}
      {withScript && <script src={scriptPath} defer />}
    </head>
  );
}

/** The organization above the page: people shall see whose password they are asked for. */
function OrganizationName({ as: Place }: { as: 'header' | 'div' }): ReactElement {
  const { logoUrl, name } = useBrand();
  return (
    <Place className="brand">
      {logoUrl === null ? name : <img src={logoUrl} alt={name} referrerPolicy="no-referrer" />}
    </Place>
  );
}

function Support(): ReactElement | null {
  const t = useText();
  const { support } = useBrand();
  if (support.length === 0) return null;
  return (
    <p>
      {`${t('Need help?')} `}
      {support.map(({ href, text }, index) => (
        <span key={href}>
          {index > 0 && ` ${t('or')} `}
          <a href={href}>{text}</a>
        </span>
      ))}
    </p>
  );
}

/** The page in the other languages. */
function Languages({ path }: { path: string }): ReactElement {
  const shown = useLanguage();
  return (
    <p className="languages">
      {Object.entries(languages).map(([language, name]) =>
        language === shown ? (
          <span key={language}>{name}</span>
        ) : (
          <a
            key={language}
            href={`/language/${language}?return_to=${encodeURIComponent(path)}`}
            lang={language}
            hrefLang={language}
          >
            {name}
          </a>
        ),
      )}
    </p>
  );
}

function Footer(): ReactElement | null {
  const { support } = useBrand();
  const { path } = use(LookContext);
  if (support.length === 0 && path === undefined) return null;
  return (
    <footer>
      <Support />
      {path !== undefined && <Languages path={path} />}
    </footer>
  );
}

function Content({ title, alert, isWide, notice, children }: PageProps): ReactElement {
  const t = useText();
  return (
    <main id="content" tabIndex={-1} className={isWide ? 'wide' : undefined}>
      <h1>{t(title)}</h1>
      {alert !== undefined && (
        <p role="alert" id={alertId}>
          {t(alert)}
        </p>
      )}
      {notice !== undefined && <p role="status">{t(notice)}</p>}
      {children}
    </main>
  );
}

/** The frame of every page for people who are not in the console: one heading, and one column or a menu beside it. */
export function Page(props: PageProps): ReactElement {
  const { frame, title, withScript = false } = props;
  const t = useText();
  const { theme } = use(LookContext);
  return (
    <html lang={useLanguage()} data-theme={theme === 'auto' ? undefined : theme}>
      <Head title={t(title)} withScript={withScript} refreshSeconds={props.refreshSeconds} />
      {frame === undefined ? (
        <body>
          <OrganizationName as="header" />
          <Content {...props} />
          <Footer />
        </body>
      ) : (
        <body className="account">
          <a className="skip" href="#content">
            {t('Skip to the content')}
          </a>
          <header className="top">
            <OrganizationName as="div" />
            <div className="ways">{frame.ways}</div>
          </header>
          <div className="frame">
            {frame.nav}
            <Content {...props} />
          </div>
          <Footer />
        </body>
      )}
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
export function renderPage(
  page: ReactElement,
  { brand, language = 'en', look = { theme: 'auto' } }: { brand: Brand; language?: Language; look?: Look },
): string {
  const html = renderToStaticMarkup(
    <LanguageContext value={language}>
      <LookContext value={look}>
        <BrandContext value={brand}>{page}</BrandContext>
      </LookContext>
    </LanguageContext>,
  );
  return `<!doctype html>${shownText(html)}`;
}

/** The policy with the one other place an image comes from: the tenant's logo. */
export function allowLogo(policy: string, { logoUrl }: Brand): string {
  if (!logoUrl?.startsWith('https:')) return policy;
  return policy.replace(/img-src[^;]*/, `$& ${new URL(logoUrl).origin}`);
}

/** Pages that can be read again in another language: no address of theirs is a secret. */
const rereadable = /^\/(?:signin|forgot|register)(?:\?|$)/;

function lookOf(res: Response): Look {
  const { method, originalUrl } = res.req;
  const path = method === 'GET' && rereadable.test(originalUrl) ? originalUrl : undefined;
  return { theme: themeFor(res.req), path };
}

/** Sends a page, in the look of the tenant it is for. Headers of {@link pageHeaders} are set already. */
export function sendPage(res: Response, status: number, page: ReactElement): void {
  const brand = shownBrand(res);
  const policy = res.getHeader('Content-Security-Policy');
  if (typeof policy === 'string') res.setHeader('Content-Security-Policy', allowLogo(policy, brand));
  const html = renderPage(page, { brand, language: shownLanguage(res), look: lookOf(res) });
  res.status(status).type('html').send(html);
}
