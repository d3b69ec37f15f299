import { germanAdvice } from './german-advice.js';
import { germanAccount } from './german-account.js';
import { germanSetup } from './german-setup.js';

/** German texts of pages in several places: titles, buttons, labels. */
const shared = {
  'Sign in': 'Anmelden',
  'Sign in to {{name}}': 'Bei {{name}} anmelden',
  'Sign in again': 'Neu anmelden',
  'Sign out': 'Abmelden',
  'Sign out?': 'Abmelden?',
  'Stay signed in': 'Angemeldet bleiben',
  'You are signed out': 'Sie sind abgemeldet',
  'You are signed in as {{email}}.': 'Sie sind als {{email}} angemeldet.',
  'Signing out ends your session in all applications.':
    'Beim Abmelden endet Ihre Sitzung in allen Anwendungen.',
  'The sign-out message of your company’s sign-in could not be accepted. You may still be signed in here.':
    'Die Abmeldung von der Anmeldung Ihrer Firma konnte nicht angenommen werden. Vielleicht sind Sie hier noch angemeldet.',
  'You are signed out here, but your company’s sign-in did not confirm that you are signed out there. Close the browser to be sure.':
    'Sie sind hier abgemeldet, aber die Anmeldung Ihrer Firma hat nicht bestätigt, dass Sie auch dort abgemeldet sind. Schließen Sie sicherheitshalber den Browser.',
  'You are signed in already': 'Sie sind schon angemeldet',
  'This step of the sign-in was done before, or is too old.':
    'Dieser Schritt der Anmeldung ist schon erledigt oder zu alt.',
  'You can close this page.': 'Sie können diese Seite schließen.',
  'Need help?': 'Brauchen Sie Hilfe?',
  or: 'oder',
  Continue: 'Weiter',
  Email: 'E-Mail',
  Password: 'Passwort',
  'New password': 'Neues Passwort',
  'New password again': 'Neues Passwort wiederholen',
  Code: 'Code',
  'First name': 'Vorname',
  'Last name': 'Nachname',
  'Skip to the content': 'Zum Inhalt springen',
  'Back to sign-in': 'Zurück zur Anmeldung',
  'Go to sign-in': 'Zur Anmeldung',
  'Reference: {{id}}': 'Referenz: {{id}}',
  'I accept the': 'Ich akzeptiere die',
  'terms of use': 'Nutzungsbedingungen',
  'At least {{count}} characters. A few words are easier to remember than signs.':
    'Mindestens {{count}} Zeichen. Ein paar Wörter merkt man sich leichter als Sonderzeichen.',
};

const signIn = {
  'Go to your account': 'Zu Ihrem Konto',
  'Forgot your password?': 'Passwort vergessen?',
  'Use another email': 'Andere E-Mail verwenden',
  'Sign in through {{name}}': 'Über {{name}} anmelden',
  'Continue through {{name}}': 'Weiter über {{name}}',
  'Create an account': 'Konto anlegen',
  'Create account': 'Konto anlegen',
  'I have an account': 'Ich habe ein Konto',
  'Enter your code': 'Geben Sie Ihren Code ein',
  'Use your passkey': 'Verwenden Sie Ihren Passkey',
  'Your passkey for {{email}} is the second step. It needs a browser with JavaScript.':
    'Ihr Passkey für {{email}} ist der zweite Schritt. Er braucht einen Browser mit JavaScript.',
  'Open your authenticator app for {{email}}. A backup code does as well.':
    'Öffnen Sie Ihre Authenticator-App für {{email}}. Ein Ersatzcode geht auch.',
  'Choose an account': 'Wählen Sie ein Konto',
  'Your email has an account in more than one organization.':
    'Ihre E-Mail hat in mehreren Organisationen ein Konto.',
  'We send you a link to set a new one.': 'Wir schicken Ihnen einen Link, um ein neues zu setzen.',
  'Send me a link': 'Link schicken',
  'Send me a new link': 'Neuen Link schicken',
  'This link is no longer good': 'Dieser Link gilt nicht mehr',
  'It has been used, has expired, or has been replaced by a newer one.':
    'Er wurde benutzt, ist abgelaufen oder durch einen neueren ersetzt.',
  'You can ask for a new link in your account.': 'In Ihrem Konto können Sie einen neuen Link anfordern.',
  'Your account is active if you have chosen a password already: sign in with it. If not, ask the person who invited you to send the invitation again.':
    'Ihr Konto ist aktiv, wenn Sie schon ein Passwort gewählt haben: Melden Sie sich damit an. Sonst bitten Sie die Person, die Sie eingeladen hat, die Einladung noch einmal zu schicken.',
  'Look into your mailbox': 'Sehen Sie in Ihr Postfach',
  'If there is an account for {{email}}, we have sent a mail to it.':
    'Wenn es ein Konto für {{email}} gibt, haben wir eine E-Mail dorthin geschickt.',
  'We have sent a mail to {{email}}. Follow its link to confirm the address and choose your password.':
    'Wir haben eine E-Mail an {{email}} geschickt. Folgen Sie dem Link darin, um die Adresse zu bestätigen und Ihr Passwort zu wählen.',
  'Set a new password': 'Neues Passwort setzen',
  'Set password': 'Passwort setzen',
  'Activate your account': 'Aktivieren Sie Ihr Konto',
  Activate: 'Aktivieren',
  'Your company signs you in. The first sign-in activates your account.':
    'Ihre Firma meldet Sie an. Die erste Anmeldung aktiviert Ihr Konto.',
  'Confirm your address': 'Bestätigen Sie Ihre Adresse',
  'Confirm this address': 'Diese Adresse bestätigen',
  'becomes the address of your account. You sign in with it from then on.':
    'wird die Adresse Ihres Kontos. Ab dann melden Sie sich damit an.',
  'The terms of use have changed': 'Die Nutzungsbedingungen haben sich geändert',
  'Set up your second factor': 'Richten Sie Ihren zweiten Faktor ein',
  '{{name}} asks for a second factor.': '{{name}} verlangt einen zweiten Faktor.',
  'Scan this code with an authenticator app on your phone, then type the six digits the app shows.':
    'Scannen Sie diesen Code mit einer Authenticator-App auf Ihrem Telefon und geben Sie dann die sechs Ziffern ein, die die App zeigt.',
  'QR code for your authenticator app': 'QR-Code für Ihre Authenticator-App',
  'Or type this key into the app:': 'Oder geben Sie diesen Schlüssel in die App ein:',
  'Open your authenticator app on this device': 'Authenticator-App auf diesem Gerät öffnen',
  'Back to your account': 'Zurück zu Ihrem Konto',
  'Switch on': 'Einschalten',
  'Your backup codes': 'Ihre Ersatzcodes',
  'Your second factor is on.': 'Ihr zweiter Faktor ist eingeschaltet.',
  'Keep these codes where your phone is not. Each one signs you in once in place of a code of the app. They are not shown again.':
    'Bewahren Sie diese Codes dort auf, wo Ihr Telefon nicht ist. Jeder meldet Sie einmal statt eines Codes der App an. Sie werden nicht wieder gezeigt.',
  'I have kept them: continue': 'Ich habe sie aufbewahrt: weiter',
  'Use a passkey': 'Passkey verwenden',
  'Make a passkey': 'Passkey anlegen',
  'No passkey was used. You can try again, or go on another way.':
    'Es wurde kein Passkey verwendet. Sie können es noch einmal versuchen oder einen anderen Weg nehmen.',
  'No passkey was made. You can try again.':
    'Es wurde kein Passkey angelegt. Sie können es noch einmal versuchen.',
  'Name of the passkey': 'Name des Passkeys',
  'My passkey': 'Mein Passkey',
  'Is it still you?': 'Sind Sie es noch?',
  'You signed in a while ago. Please show once more that it is you.':
    'Ihre Anmeldung ist eine Weile her. Bitte zeigen Sie noch einmal, dass Sie es sind.',
  'Your new password is set. Please sign in with it.':
    'Ihr neues Passwort ist gesetzt. Bitte melden Sie sich damit an.',
  'Your account is active. Please sign in.': 'Ihr Konto ist aktiv. Bitte melden Sie sich an.',
  'Your new address is confirmed. Please sign in with it.':
    'Ihre neue Adresse ist bestätigt. Bitte melden Sie sich damit an.',
};

const consent = {
  'Let {{name}} in?': '{{name}} einlassen?',
  '{{name}} asks to:': '{{name}} möchte:',
  Allow: 'Erlauben',
  'Do not allow': 'Nicht erlauben',
  'You can take this back at any time on your account page.':
    'Sie können das jederzeit auf der Seite Ihres Kontos zurücknehmen.',
  'Applications you let in': 'Anwendungen, die Sie eingelassen haben',
  may: 'darf',
  'know who you are': 'wissen, wer Sie sind',
  'see your email address': 'Ihre E-Mail-Adresse sehen',
  'see your name': 'Ihren Namen sehen',
  'see your roles in it': 'Ihre Rollen darin sehen',
  'see the groups you are in': 'Ihre Gruppen sehen',
  'keep this access while you are signed in, also when you do not use it':
    'diesen Zugang behalten, solange Sie angemeldet sind, auch wenn Sie sie nicht benutzen',
  'read and change your profile': 'Ihr Profil lesen und ändern',
  'see your {{name}}': 'Ihre Angabe {{name}} sehen',
  'use {{name}} at {{place}}': '{{name}} bei {{place}} nutzen',
};

const refusals = {
  'You cannot sign in': 'Sie können sich nicht anmelden',
  'Page not found': 'Seite nicht gefunden',
  'Please wait a little': 'Bitte warten Sie etwas',
  'Please start again': 'Bitte beginnen Sie neu',
  'Something went wrong': 'Etwas ist schiefgegangen',
  'That did not work': 'Das hat nicht geklappt',
  'Enter a valid email.': 'Geben Sie eine gültige E-Mail-Adresse ein.',
  'Enter a valid password.': 'Geben Sie ein gültiges Passwort ein.',
  'Enter a valid password. This one {{fault}}.': 'Geben Sie ein gültiges Passwort ein. Dieses {{fault}}.',
  'Enter a valid password. It {{fault}}.': 'Geben Sie ein gültiges Passwort ein. Es {{fault}}.',
  'must have at least {{count}} characters': 'muss mindestens {{count}} Zeichen haben',
  'is too common': 'ist zu verbreitet',
  'must not be your address or user name': 'darf nicht Ihre Adresse oder Ihr Benutzername sein',
  'must not be made of your own or your organization’s name':
    'darf nicht aus Ihrem Namen oder dem Ihrer Organisation bestehen',
  'Email or password is incorrect.': 'E-Mail oder Passwort ist falsch.',
  'Too many attempts. Please try again in {{count}} minute.':
    'Zu viele Versuche. Bitte versuchen Sie es in {{count}} Minute noch einmal.',
  'Too many attempts. Please try again in {{count}} minutes.':
    'Zu viele Versuche. Bitte versuchen Sie es in {{count}} Minuten noch einmal.',
  'This account no longer exists.': 'Dieses Konto gibt es nicht mehr.',
  'This account is disabled. Please contact your administrator.':
    'Dieses Konto ist deaktiviert. Bitte wenden Sie sich an Ihre Administratorin oder Ihren Administrator.',
  'Access for this account has ended. Please contact your administrator.':
    'Der Zugang für dieses Konto ist abgelaufen. Bitte wenden Sie sich an Ihre Administratorin oder Ihren Administrator.',
  'Access for this account ended on {{when}}. Please contact your administrator.':
    'Der Zugang für dieses Konto ist am {{when}} abgelaufen. Bitte wenden Sie sich an Ihre Administratorin oder Ihren Administrator.',
  'This account is locked after too many failed attempts. Please wait before you try again.':
    'Dieses Konto ist nach zu vielen Fehlversuchen gesperrt. Bitte warten Sie, bevor Sie es noch einmal versuchen.',
  'Access for your organization is suspended. Please contact your administrator.':
    'Der Zugang Ihrer Organisation ist ausgesetzt. Bitte wenden Sie sich an Ihre Administratorin oder Ihren Administrator.',
  'This account is not activated yet. Please use the link in your invitation.':
    'Dieses Konto ist noch nicht aktiviert. Bitte benutzen Sie den Link in Ihrer Einladung.',
  'This page has expired. Please try again.':
    'Diese Seite ist abgelaufen. Bitte versuchen Sie es noch einmal.',
  'This page has expired. Please sign in again.': 'Diese Seite ist abgelaufen. Bitte melden Sie sich neu an.',
  'That code is not right.': 'Dieser Code stimmt nicht.',
  'That code is not right. Type the one your app shows now.':
    'Dieser Code stimmt nicht. Geben Sie den ein, den Ihre App jetzt zeigt.',
  'That was not right. Please try again.': 'Das war nicht richtig. Bitte versuchen Sie es noch einmal.',
  'That passkey was not accepted. Please try again.':
    'Dieser Passkey wurde nicht angenommen. Bitte versuchen Sie es noch einmal.',
  'That passkey does not sign you in here. Please try another way.':
    'Dieser Passkey meldet Sie hier nicht an. Bitte nehmen Sie einen anderen Weg.',
  'The two passwords are not the same.': 'Die beiden Passwörter sind nicht gleich.',
  'Please accept the terms of use.': 'Bitte akzeptieren Sie die Nutzungsbedingungen.',
  'Your account has changed. Please sign in again.':
    'Ihr Konto hat sich geändert. Bitte melden Sie sich neu an.',
  'This sign-in is not for your organization. Please start again.':
    'Diese Anmeldung ist nicht für Ihre Organisation. Bitte beginnen Sie neu.',
  'There is no such organization here.': 'Diese Organisation gibt es hier nicht.',
  'Accounts cannot be made here.': 'Hier kann man kein Konto anlegen.',
  'Your company signs you in: you need no account of your own.':
    'Ihre Firma meldet Sie an: Sie brauchen kein eigenes Konto.',
  'Your company signs you in: please start again with your company’s address.':
    'Ihre Firma meldet Sie an: Bitte beginnen Sie neu mit Ihrer Firmenadresse.',
};

const company = {
  'There is no such company sign-in.': 'Diese Firmenanmeldung gibt es nicht.',
  'This browser did not ask for a sign-in. Please start again.':
    'Dieser Browser hat keine Anmeldung begonnen. Bitte beginnen Sie neu.',
  'This company sign-in has been switched off.': 'Diese Firmenanmeldung ist abgeschaltet.',
  'Your company’s sign-in did not tell us your email address.':
    'Die Anmeldung Ihrer Firma hat uns Ihre E-Mail-Adresse nicht genannt.',
  'Your company’s sign-in says that your email address is not verified.':
    'Die Anmeldung Ihrer Firma sagt, dass Ihre E-Mail-Adresse nicht bestätigt ist.',
  'Your email address does not belong to the domains of this sign-in.':
    'Ihre E-Mail-Adresse gehört nicht zu den Domains dieser Anmeldung.',
  'That account was not given to you by your company. Please sign in with your company’s own account.':
    'Dieses Konto haben Sie nicht von Ihrer Firma. Bitte melden Sie sich mit dem Konto Ihrer Firma an.',
  'Your account belongs to another organization of this sign-in.':
    'Ihr Konto gehört zu einer anderen Organisation dieser Anmeldung.',
  'There is no account for you here. Please ask your administrator to add you.':
    'Für Sie gibt es hier kein Konto. Bitte lassen Sie sich von Ihrer Administratorin oder Ihrem Administrator eines anlegen.',
  'Your account is already connected to another identity of this sign-in. Please tell your administrator.':
    'Ihr Konto ist schon mit einer anderen Identität dieser Anmeldung verbunden. Bitte sagen Sie es Ihrer Administratorin oder Ihrem Administrator.',
  'Your company’s sign-in has changed: an administrator has to allow that your account is connected to another identity.':
    'Die Anmeldung Ihrer Firma hat sich geändert: Eine Administratorin oder ein Administrator muss erlauben, dass Ihr Konto mit einer anderen Identität verbunden wird.',
  'Please sign in with your password first, and then again through your company, to connect the two.':
    'Bitte melden Sie sich zuerst mit Ihrem Passwort an und dann noch einmal über Ihre Firma, um beide zu verbinden.',
  'Your session at your company’s sign-in has ended. Please sign in there again.':
    'Ihre Sitzung bei der Anmeldung Ihrer Firma ist beendet. Bitte melden Sie sich dort neu an.',
  'Your company’s sign-in did not let you in, or you cancelled it.':
    'Die Anmeldung Ihrer Firma hat Sie nicht eingelassen, oder Sie haben sie abgebrochen.',
  'This application wants you to sign in again, and your company’s sign-in did not ask you.':
    'Diese Anwendung möchte, dass Sie sich neu anmelden, und die Anmeldung Ihrer Firma hat Sie nicht gefragt.',
  'The answer of your company’s sign-in could not be accepted. Please try again; if it stays so, tell your administrator.':
    'Die Antwort der Anmeldung Ihrer Firma konnte nicht angenommen werden. Bitte versuchen Sie es noch einmal; bleibt es so, sagen Sie es Ihrer Administratorin oder Ihrem Administrator.',
  'Your company’s sign-in does not answer at the moment. Please try again in a few minutes.':
    'Die Anmeldung Ihrer Firma antwortet gerade nicht. Bitte versuchen Sie es in ein paar Minuten noch einmal.',
  'Your company’s sign-in has a problem. Please tell your administrator.':
    'Die Anmeldung Ihrer Firma hat ein Problem. Bitte sagen Sie es Ihrer Administratorin oder Ihrem Administrator.',
  'Your company’s sign-in is not set up rightly for this service. Please tell your administrator.':
    'Die Anmeldung Ihrer Firma ist für diesen Dienst nicht richtig eingerichtet. Bitte sagen Sie es Ihrer Administratorin oder Ihrem Administrator.',
};

/** German texts of the pages, by the English ones. */
export const german: Readonly<Record<string, string>> = {
  ...shared,
  ...signIn,
  ...consent,
  ...refusals,
  ...company,
  ...germanAccount,
  ...germanSetup,
  ...germanAdvice,
};
