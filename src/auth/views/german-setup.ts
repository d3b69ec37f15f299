/** German texts of the set-up pages. */
export const germanSetup = {
  'Set up company sign-in': 'Anmeldung über Ihr Unternehmen einrichten',
  'Set up provisioning': 'Bereitstellung einrichten',
  'Prove your domains': 'Domains nachweisen',
  'Renew the secret or certificate': 'Geheimnis oder Zertifikat erneuern',
  'For {{name}}. This link is good until {{until}}.': 'Für {{name}}. Dieser Link gilt bis {{until}}.',
  'All of it is complete. Tell your contact: they try a sign-in and turn it on.':
    'Alles ist vollständig. Sagen Sie Ihrem Kontakt Bescheid: Dort wird eine Anmeldung versucht und alles eingeschaltet.',
  'At your identity provider': 'Bei Ihrem Identitätsanbieter',
  'In your DNS': 'In Ihrem DNS',
  'At your mail filter': 'Bei Ihrem E-Mail-Filter',
  'What was tried': 'Was versucht wurde',
  'Client secret': 'Client-Geheimnis',
  'The new certificate (PEM)': 'Das neue Zertifikat (PEM)',
  'The provider’s metadata: their address, or the XML':
    'Die Metadaten des Anbieters: ihre Adresse oder das XML',
  Issuer: 'Issuer',
  'Client id': 'Client-ID',
  'Entity id (also the address of our metadata)': 'Entity-ID (auch die Adresse unserer Metadaten)',
  'Assertion consumer service (POST)': 'Assertion Consumer Service (POST)',
  'Redirect address': 'Redirect-Adresse',
  'Save and try': 'Speichern und versuchen',
  'Saved. The provider answers as it should.': 'Gespeichert. Der Anbieter antwortet, wie er soll.',
  'Saved, but not everything works yet: see below.': 'Gespeichert, aber noch geht nicht alles: siehe unten.',
  'The first request has come': 'Die erste Anfrage ist gekommen',
  'The first user has come': 'Der erste Benutzer ist gekommen',
  'The first group has come': 'Die erste Gruppe ist gekommen',
  'not yet': 'noch nicht',
  'SCIM base address': 'SCIM-Basisadresse',
  Token: 'Token',
  'Keep the token now: it is not shown again.':
    'Bewahren Sie das Token jetzt auf: Es wird nicht wieder gezeigt.',
  'Make the token': 'Token erzeugen',
  'Make another token; the one before ends': 'Neues Token erzeugen; das vorige endet',
  'The token was made.': 'Das Token wurde erzeugt.',
  'Watch what arrives': 'Zusehen, was ankommt',
  'What has arrived': 'Was angekommen ist',
  'Back to the set-up': 'Zurück zur Einrichtung',
  'Each record stays: it is looked for again and again.':
    'Jeder Eintrag muss bleiben: Er wird immer wieder gesucht.',
  'Name of the TXT record': 'Name des TXT-Eintrags',
  'Its value': 'Sein Wert',
  'Look for the record of {{domain}}': 'Eintrag von {{domain}} suchen',
  'Another domain of your addresses': 'Eine weitere Domain Ihrer Adressen',
  Add: 'Hinzufügen',
  'The domain was added.': 'Die Domain wurde hinzugefügt.',
  'The record of {{domain}} was found.': 'Der Eintrag von {{domain}} wurde gefunden.',
  'Invitations and notices come from this address. Let your mail filter take them.':
    'Einladungen und Hinweise kommen von dieser Adresse. Ihr E-Mail-Filter soll sie annehmen.',
  Sender: 'Absender',
  'The test mail has arrived.': 'Die Test-E-Mail ist angekommen.',
  'The test mail was sent: open it, and follow its link.':
    'Die Test-E-Mail wurde gesendet: Öffnen Sie sie und folgen Sie ihrem Link.',
  'An address in your company': 'Eine Adresse in Ihrem Unternehmen',
  'Send a test mail': 'Test-E-Mail senden',
  'Does a colleague do a step?': 'Macht jemand anderes einen Schritt?',
  'The link for your colleague, shown this once': 'Der Link für die andere Person, nur jetzt gezeigt',
  'The link was made.': 'Der Link wurde erzeugt.',
  Step: 'Schritt',
  'Who does it': 'Wer macht ihn',
  'Their email (empty: you hand the link over yourself)':
    'Deren E-Mail (leer: Sie geben den Link selbst weiter)',
  'Make a link for this step': 'Link für diesen Schritt erzeugen',
  'This link is over': 'Dieser Link gilt nicht mehr',
  'The link has ended, was revoked, or is not whole.':
    'Der Link ist abgelaufen, wurde widerrufen oder ist nicht vollständig.',
  'Ask your contact for a new one.': 'Bitten Sie Ihren Kontakt um einen neuen.',
  'Thank you': 'Vielen Dank',
  'The mail has arrived. You can close this page.':
    'Die E-Mail ist angekommen. Sie können diese Seite schließen.',
  'Has the mail arrived?': 'Ist die E-Mail angekommen?',
  'Yes, it is here': 'Ja, sie ist da',
  'This link is for other steps.': 'Dieser Link ist für andere Schritte.',
  'The form is not complete.': 'Das Formular ist nicht vollständig.',
  'The connection is in use by now. Ask your contact for a link to renew it.':
    'Die Verbindung ist inzwischen in Gebrauch. Bitten Sie Ihren Kontakt um einen Link, um sie zu erneuern.',
  'In Okta: Applications > Create App Integration > OIDC, Web Application.':
    'In Okta: Applications > Create App Integration > OIDC, Web Application.',
  'Sign-in redirect URI: the address below. Then assign the people who may sign in.':
    'Sign-in redirect URI: die Adresse unten. Weisen Sie dann die Personen zu, die sich anmelden dürfen.',
  'In Entra: App registrations > New registration, accounts of this directory only; platform Web, redirect URI: the address below.':
    'In Entra: App registrations > New registration, nur Konten dieses Verzeichnisses; Plattform Web, redirect URI: die Adresse unten.',
  'Certificates & secrets: make a client secret. Token configuration: add the optional claim email.':
    'Certificates & secrets: ein Client-Geheimnis erzeugen. Token configuration: den optionalen Claim email hinzufügen.',
  'In Google Cloud: APIs & Services > Credentials > OAuth client ID, Web application, consent screen Internal.':
    'In Google Cloud: APIs & Services > Credentials > OAuth client ID, Web application, consent screen Internal.',
  'Authorized redirect URI: the address below.': 'Authorized redirect URI: die Adresse unten.',
  'In Keycloak: Clients > Create client, OpenID Connect, Client authentication on.':
    'In Keycloak: Clients > Create client, OpenID Connect, Client authentication on.',
  'Valid redirect URI: the address below.': 'Valid redirect URI: die Adresse unten.',
  'Register a confidential web client with the authorization code flow.':
    'Registrieren Sie einen vertraulichen Web-Client mit dem Authorization-Code-Flow.',
  'Its redirect URI is the address below.': 'Seine Redirect-URI ist die Adresse unten.',
  'In Okta: Applications > Create App Integration > SAML 2.0.':
    'In Okta: Applications > Create App Integration > SAML 2.0.',
  'In Entra: Enterprise applications > New application > Create your own; then Single sign-on > SAML.':
    'In Entra: Enterprise applications > New application > Create your own; dann Single sign-on > SAML.',
  'In the Google Admin console: Apps > Web and mobile apps > Add custom SAML app.':
    'In der Google-Admin-Konsole: Apps > Web and mobile apps > Add custom SAML app.',
  'In Keycloak: Clients > Create client, SAML.': 'In Keycloak: Clients > Create client, SAML.',
  'Register a service provider with signed assertions (RSA-SHA256).':
    'Registrieren Sie einen Service Provider mit signierten Assertions (RSA-SHA256).',
  'Give it the two addresses below.': 'Geben Sie ihm die beiden Adressen unten.',
  'In Okta, the application’s tab General: Provisioning SCIM. Then Provisioning > Integration: unique identifier userName, HTTP Header.':
    'In Okta, Reiter General der Anwendung: Provisioning SCIM. Dann Provisioning > Integration: unique identifier userName, HTTP Header.',
  'Provisioning > To App: Create, Update and Deactivate Users. Then assign people, and push the groups (Push Groups).':
    'Provisioning > To App: Create, Update und Deactivate Users. Dann Personen zuweisen und die Gruppen senden (Push Groups).',
  'In Entra: Enterprise applications > the application > Provisioning > Automatic.':
    'In Entra: Enterprise applications > die Anwendung > Provisioning > Automatic.',
  'Assign users and groups, then Start provisioning. The first cycle may take up to 40 minutes.':
    'Weisen Sie Benutzer und Gruppen zu, dann Start provisioning. Der erste Durchlauf kann bis zu 40 Minuten dauern.',
  'In the Google Admin console: Apps > Web and mobile apps > the application > Autoprovisioning.':
    'In der Google-Admin-Konsole: Apps > Web and mobile apps > die Anwendung > Autoprovisioning.',
  'In Keycloak, with a SCIM client extension: add a federation to the address below.':
    'In Keycloak, mit einer SCIM-Client-Erweiterung: eine Föderation zur Adresse unten hinzufügen.',
  'Give your identity provider the address and the token below, and let it send users and groups.':
    'Geben Sie Ihrem Identitätsanbieter die Adresse und das Token unten und lassen Sie ihn Benutzer und Gruppen senden.',
};
