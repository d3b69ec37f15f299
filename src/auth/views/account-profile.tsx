import type { ReactElement } from 'react';
import { AccountFrame, type AccountFrameProps } from './account-frame.js';
import { Ago } from './ago.js';
import { languages, useText } from './language.js';
import { Hidden, useTheme } from './layout.js';
import { methodTexts, type SignInMethod } from './plain-words.js';

/** What a person is known by, as they may change it. */
export interface ShownProfile {
  name: string;
  email: string;
  givenName: string;
  familyName: string;
  phone: string;
  /** An address or `data:` URI; empty: none. */
  picture: string;
  signature: string;
  /** Empty: as the browser wishes. */
  language: string;
  /** Name of the directory that sets name, phone and picture; undefined: the person does. */
  managedBy: string | undefined;
  /** The facts beside name and address that the organization keeps. */
  kept: ReadonlySet<string>;
  mayChangeEmail: boolean;
}

export interface ProfilePageProps extends AccountFrameProps {
  profile: ShownProfile;
  tenantName: string;
  signedInAt: Date;
  method: SignInMethod;
  now: Date;
  roles: readonly string[];
  applications: readonly string[];
}

/** How large a picture may be as it is stored: a text of a `data:` URI. */
export const maxPictureBytes = 48_000;

/** `/account`: who one is here. */
export function ProfilePage(props: ProfilePageProps): ReactElement {
  const { csrf, profile, tenantName } = props;
  const t = useText();
  const mayWrite = profile.managedBy === undefined;
  return (
    <AccountFrame {...props} place="profile">
      <div className="portrait">
        {profile.picture === '' ? (
          <span className="initials" aria-hidden="true">
            {Array.from(profile.name)[0]?.toUpperCase()}
          </span>
        ) : (
          <img src={profile.picture} alt={t('Your picture')} referrerPolicy="no-referrer" />
        )}
        <div>
          <strong>{profile.name}</strong>
          <br />
          {profile.email}
          <br />
          <span className="quiet">{tenantName}</span>
        </div>
      </div>
      <Standing {...props} />
      {!mayWrite && (
        <p className="quiet">{t('Managed by {{directory}}.', { directory: profile.managedBy ?? '' })}</p>
      )}
      {mayWrite && profile.kept.has('picture') && (
        <PictureForms csrf={csrf} hasPicture={profile.picture !== ''} />
      )}
      <FactsForm csrf={csrf} profile={profile} />
      <PreferencesForm csrf={csrf} language={profile.language} />
      {profile.mayChangeEmail && <EmailForm csrf={csrf} />}
    </AccountFrame>
  );
}

/** What one is here, and how one came in. */
function Standing({ applications, method, now, roles, signedInAt }: ProfilePageProps): ReactElement {
  const t = useText();
  return (
    <dl>
      <dt>{t('Roles')}</dt>
      <dd>{roles.length > 0 ? roles.join(', ') : t('none')}</dd>
      {applications.length > 0 && (
        <>
          <dt>{t('Applications')}</dt>
          <dd>{applications.join(', ')}</dd>
        </>
      )}
      <dt>{t('Signed in')}</dt>
      <dd>
        <Ago at={signedInAt} now={now} />
        {`, ${t(methodTexts[method])}`}
      </dd>
    </dl>
  );
}

function PictureForms({ csrf, hasPicture }: { csrf: string; hasPicture: boolean }): ReactElement {
  const t = useText();
  return (
    <section id="picture">
      <h2>{t('Picture')}</h2>
      <form method="post" action="/account/picture" encType="multipart/form-data">
        <Hidden csrf={csrf} />
        <label htmlFor="picture-file">{t('Choose a picture')}</label>
        <input
          id="picture-file"
          name="picture"
          type="file"
          accept="image/png,image/jpeg,image/webp"
          aria-describedby="picture-rule"
          data-side="256"
          required
        />
        <p id="picture-rule" className="quiet">
          {t('PNG, JPEG or WebP. A large one is made smaller here, or has to have at most 48 kB.')}
        </p>
        <button type="submit" className="quiet">
          {t('Use this picture')}
        </button>
      </form>
      {hasPicture && (
        <form method="post" action="/account/picture/remove">
          <Hidden csrf={csrf} />
          <button type="submit" className="quiet">
            {t('Remove the picture')}
          </button>
        </form>
      )}
    </section>
  );
}

function Fact(props: { name: keyof ShownProfile; label: string; autoComplete: string; value: string }) {
  const { autoComplete, label, name, value } = props;
  return (
    <>
      <label htmlFor={name}>{label}</label>
      <input id={name} name={name} autoComplete={autoComplete} maxLength={1024} defaultValue={value} />
    </>
  );
}

function FactsForm({ csrf, profile }: { csrf: string; profile: ShownProfile }): ReactElement | null {
  const t = useText();
  const mayWrite = profile.managedBy === undefined;
  const hasSignature = profile.kept.has('signature');
  if (!mayWrite && !hasSignature) return null;
  return (
    <section id="facts">
      <h2>{t('About you')}</h2>
      <form method="post" action="/account/profile">
        <Hidden csrf={csrf} />
        {mayWrite && (
          <>
            <Fact
              name="givenName"
              label={t('First name')}
              autoComplete="given-name"
              value={profile.givenName}
            />
            <Fact
              name="familyName"
              label={t('Last name')}
              autoComplete="family-name"
              value={profile.familyName}
            />
            {profile.kept.has('phone') && (
              <Fact name="phone" label={t('Phone')} autoComplete="tel" value={profile.phone} />
            )}
          </>
        )}
        {hasSignature && (
          <>
            <label htmlFor="signature">{t('Signature')}</label>
            <textarea
              id="signature"
              name="signature"
              maxLength={2000}
              aria-describedby="signature-rule"
              defaultValue={profile.signature}
            />
            <p id="signature-rule" className="quiet">
              {t('Applications put it below messages that you send.')}
            </p>
          </>
        )}
        <button type="submit">{t('Save')}</button>
      </form>
    </section>
  );
}

function PreferencesForm({ csrf, language }: { csrf: string; language: string }): ReactElement {
  const t = useText();
  return (
    <section id="preferences">
      <h2>{t('Language and theme')}</h2>
      <form method="post" action="/account/preferences">
        <Hidden csrf={csrf} />
        <label htmlFor="language">{t('Language')}</label>
        <select id="language" name="language" defaultValue={language}>
          <option value="">{t('As the browser')}</option>
          {Object.entries(languages).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
        <label htmlFor="theme">{t('Theme')}</label>
        <select id="theme" name="theme" defaultValue={useTheme()}>
          <option value="auto">{t('As the system')}</option>
          <option value="light">{t('Light')}</option>
          <option value="dark">{t('Dark')}</option>
        </select>
        <p className="quiet">{t('Mails come in this language too. The theme is for this browser.')}</p>
        <button type="submit">{t('Save language and theme')}</button>
      </form>
    </section>
  );
}

function EmailForm({ csrf }: { csrf: string }): ReactElement {
  const t = useText();
  return (
    <section id="email-address">
      <h2>{t('Email')}</h2>
      <form method="post" action="/account/email">
        <Hidden csrf={csrf} />
        <label htmlFor="new-email">{t('New email')}</label>
        <input
          id="new-email"
          name="email"
          type="text"
          inputMode="email"
          autoComplete="email"
          maxLength={254}
          required
        />
        <p className="quiet">
          {t(
            'We send a link to the new address. It counts, and you sign in with it, once you have confirmed it there.',
          )}
        </p>
        <button type="submit" className="quiet">
          {t('Change email')}
        </button>
      </form>
    </section>
  );
}
