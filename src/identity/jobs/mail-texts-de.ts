import type { EntryFacts, MailFacts, MailTexts, PlaceFacts } from './mail-texts.js';

const opening = ({ accessEnd, brand, message, sender }: EntryFacts): string[] => [
  sender === null
    ? `${brand} hat ein Konto für Sie angelegt.`
    : `${sender} hat bei ${brand} ein Konto für Sie angelegt.`,
  ...(message === '' ? [] : [sender === null ? message : `${sender} schreibt:\n${message}`]),
  ...(accessEnd === null ? [] : [`Ihr Zugang endet am ${accessEnd}.`]),
];

const entry = (facts: EntryFacts) => ({
  subject: `Ihr Konto bei ${facts.brand}`,
  reason: `Sie erhalten diese Nachricht, weil für ${facts.to} ein Konto angelegt wurde. Wenn Sie das nicht erwartet haben, können Sie sie übergehen.`,
});

const askedForPassword = ({ to }: MailFacts): string =>
  `Sie erhalten diese Nachricht, weil für ${to} ein neues Passwort angefordert wurde.`;

const place = ({ at, browser, ip }: PlaceFacts): string =>
  [`Wann: ${at}`, ...(browser === '' ? [] : [`Mit: ${browser}`]), ...(ip === '' ? [] : [`Von: ${ip}`])].join(
    '\n',
  );

const setUp = {
  oidc: 'die Anmeldung über Ihr Unternehmen',
  saml: 'die Anmeldung über Ihr Unternehmen',
  scim: 'die Bereitstellung von Benutzern',
  domains: 'eine Domain',
  renewal: 'ein neues Geheimnis oder Zertifikat',
} as const;

export const german: MailTexts = {
  activation: (facts) => ({
    ...entry(facts),
    before: [...opening(facts), 'Wählen Sie Ihr Passwort, um es zu aktivieren.'],
    button: 'Konto aktivieren',
    after: [`Der Link gilt einmal, und ${facts.span} lang (bis ${facts.until}).`],
  }),
  temporary_password: (facts) => ({
    ...entry(facts),
    before: [
      ...opening(facts),
      'Melden Sie sich einmal mit diesem vorläufigen Passwort an und wählen Sie ein eigenes:',
      `password: ${facts.password}`,
    ],
    button: 'Anmelden',
    after: [`Das Passwort gilt ${facts.span} lang (bis ${facts.until}).`],
  }),
  company_sign_in: (facts) => ({
    ...entry(facts),
    before: [
      ...opening(facts),
      'Sie brauchen kein neues Passwort: Melden Sie sich mit dem Konto Ihres Unternehmens an.',
    ],
    button: 'Anmelden',
    after: [],
  }),
  password_reset: (facts) => ({
    subject: `Neues Passwort für ${facts.brand}`,
    before: ['Für Ihr Konto wurde ein neues Passwort angefordert.'],
    button: 'Neues Passwort wählen',
    after: [
      `Der Link gilt einmal, und ${facts.span} lang. Wenn Sie das nicht waren, tun Sie nichts: Es hat sich nichts geändert.`,
    ],
    reason: askedForPassword(facts),
  }),
  password_reset_sso: (facts) => ({
    subject: `Ihre Anmeldung bei ${facts.brand}`,
    before: [
      'Sie haben ein neues Passwort angefordert. Ihre Anmeldung verwaltet Ihr Unternehmen, daher haben Sie hier kein Passwort.',
    ],
    button: 'Über das Unternehmen anmelden',
    after: ['Wenn Sie das nicht waren, tun Sie nichts: Es hat sich nichts geändert.'],
    reason: askedForPassword(facts),
  }),
  address_changed: ({ address, brand, to }) => ({
    subject: `Ihre Adresse bei ${brand} hat sich geändert`,
    before: [
      `Ihr Unternehmen kennt Sie jetzt als ${address}. Melden Sie sich von nun an mit dieser Adresse an.`,
    ],
    button: 'Zu Ihrem Konto',
    after: ['Wenn Sie das nicht erwartet haben, sagen Sie es bitte Ihrem Administrator.'],
    reason: `Sie erhalten diese Nachricht, weil ${to} bisher Ihre Adresse war.`,
  }),
  address_left: ({ address, brand, to }) => ({
    subject: `Ihre Adresse bei ${brand} hat sich geändert`,
    before: [
      `Die Adresse Ihres Kontos ist jetzt ${address}. Melden Sie sich von nun an mit dieser Adresse an.`,
    ],
    button: 'Zu Ihrem Konto',
    after: ['Wenn Sie das nicht waren, sagen Sie es bitte sofort Ihrem Administrator.'],
    reason: `Sie erhalten diese Nachricht, weil ${to} bisher Ihre Adresse war.`,
  }),
  address_confirmation: ({ brand, span, to }) => ({
    subject: `Bestätigen Sie Ihre neue Adresse bei ${brand}`,
    before: [
      `${to} soll die Adresse Ihres Kontos bei ${brand} werden. Sie wird es, sobald Sie das bestätigen.`,
    ],
    button: 'Adresse bestätigen',
    after: [
      `Der Link gilt einmal, und ${span} lang. Wenn Sie das nicht waren, tun Sie nichts: Es hat sich nichts geändert.`,
    ],
    reason: `Sie erhalten diese Nachricht, weil eine bei ${brand} angemeldete Person diese Adresse als ihre angegeben hat.`,
  }),
  password_changed: (facts) => ({
    subject: `Ihr Passwort bei ${facts.brand} wurde geändert`,
    before: ['Das Passwort Ihres Kontos wurde geändert.', place(facts)],
    button: 'Das war ich nicht: neues Passwort wählen',
    after: ['Wenn Sie es waren, ist nichts zu tun.'],
    reason: `Sie erhalten diese Nachricht, weil das Passwort für ${facts.to} geändert wurde.`,
  }),
  new_device: (facts) => ({
    subject: `Neue Anmeldung an Ihrem Konto bei ${facts.brand}`,
    before: ['Ihr Konto wurde auf einem Gerät benutzt, auf dem es bisher nicht benutzt wurde.', place(facts)],
    button: 'Zeigen, wo ich angemeldet bin',
    after: [
      'Wenn Sie es waren, ist nichts zu tun. Wenn nicht, beenden Sie diese Sitzung und ändern Sie Ihr Passwort.',
    ],
    reason: `Sie erhalten diese Nachricht wegen einer Anmeldung mit ${facts.to}.`,
  }),
  approved: ({ brand, to }) => ({
    subject: `Ihr Konto bei ${brand} ist freigegeben`,
    before: [`Ihr Konto bei ${brand} ist freigegeben. Sie können alles nutzen, was Ihre Rollen erlauben.`],
    button: 'Anmelden',
    after: [],
    reason: `Sie erhalten diese Nachricht, weil das Konto ${to} auf die Freigabe gewartet hat.`,
  }),
  registration: ({ brand, span, to }) => ({
    subject: `Bestätigen Sie Ihre Adresse für ${brand}`,
    before: [
      `Bitte bestätigen Sie ${to} und wählen Sie Ihr Passwort. Dann ist Ihr Konto bei ${brand} bereit.`,
    ],
    button: 'Adresse bestätigen',
    after: [
      `Der Link gilt einmal, und ${span} lang. Wenn Sie das nicht waren, tun Sie nichts: Das Konto kann niemand benutzen.`,
    ],
    reason: `Sie erhalten diese Nachricht, weil mit dieser Adresse ein Konto bei ${brand} angefordert wurde.`,
  }),
  registration_known: ({ brand, to }) => ({
    subject: `Ihr Konto bei ${brand}`,
    before: [
      `Mit ${to} wurde ein Konto angefordert. Sie haben schon eines: Melden Sie sich an, oder wählen Sie dort ein neues Passwort.`,
    ],
    button: 'Anmelden',
    after: ['Wenn Sie das nicht waren, tun Sie nichts: Es hat sich nichts geändert.'],
    reason: `Sie erhalten diese Nachricht, weil mit dieser Adresse ein Konto bei ${brand} angefordert wurde.`,
  }),
  role_request: ({ brand, open, person, requester, role, span, until, why }) => ({
    subject: `Rollenanfrage: ${role} für ${person ?? requester}`,
    before: [
      `${requester} bittet um die Rolle ${role}${person === null ? '' : ` für ${person}`}, ${until === null ? `für ${span}` : `bis ${until}`}.`,
      `Begründung:\n${why}`,
    ],
    button: 'Über die Anfrage entscheiden',
    after: [`Die Anfrage ist offen bis ${open}.`],
    reason: `Sie erhalten diese Nachricht, weil Sie diese Rolle bei ${brand} vergeben dürfen.`,
  }),
  role_request_approved: ({ brand, decider, end, message, role }) => ({
    subject: `Sie haben eine Rolle: ${role}`,
    before: [
      `Sie haben jetzt die Rolle ${role}.${end === null ? '' : ` Sie endet von selbst am ${end}.`}`,
      ...(message === '' ? [] : [`${decider} schreibt:\n${message}`]),
    ],
    button: 'Konto öffnen',
    after: [],
    reason: `Sie erhalten diese Nachricht wegen einer Rollenanfrage bei ${brand}.`,
  }),
  role_request_denied: ({ brand, decider, message, role }) => ({
    subject: `Rollenanfrage abgelehnt: ${role}`,
    before: [
      `Sie erhalten die Rolle ${role} nicht: ${decider} hat abgelehnt.`,
      ...(message === '' ? [] : [`${decider} schreibt:\n${message}`]),
    ],
    button: 'Konto öffnen',
    after: [],
    reason: `Sie erhalten diese Nachricht wegen einer Rollenanfrage bei ${brand}.`,
  }),
  webhook_disabled: ({ url, span }) => ({
    subject: 'Ein Webhook wurde abgeschaltet',
    before: [
      `Der Webhook zu ${url} wurde abgeschaltet: Er hat ${span === '' ? 'mit 410 Gone geantwortet' : `${span} lang nichts angenommen`}.`,
    ],
    button: 'Konsole öffnen',
    after: ['Ereignisse werden 30 Tage aufbewahrt. Wieder eingeschaltet, erhält der Webhook die versäumten.'],
    reason: 'Sie erhalten diese Nachricht, weil Sie Administrator sind.',
  }),
  break_glass_used: ({ at, browser, connection, ip, person }) => ({
    subject: `Notfallzugang wurde benutzt: ${person}`,
    before: [
      `${person} hat sich hier mit Passwort und zweitem Faktor angemeldet, an der Firmenanmeldung ${connection} vorbei.`,
      [at, browser, ip].filter((part) => part !== '').join('\n'),
    ],
    button: 'Protokoll öffnen',
    after: [
      'Weiß niemand davon, beenden Sie die Sitzungen dieses Kontos und nehmen Sie ihm den Notfallzugang.',
    ],
    reason: 'Sie erhalten diese Nachricht, weil Sie Administrator sind.',
  }),
  domain_missing: ({ connection, domain, record, until, value }) => ({
    subject: `Der DNS-Eintrag von ${domain} fehlt`,
    before: [
      `Der Eintrag, der ${domain} für ${connection} bestätigt, steht nicht mehr im DNS. Ab ${until} werden Adressen der Domain nicht mehr weitergeleitet.`,
      `Veröffentlichen Sie ihn wieder:\n${record}\nTXT ${value}`,
    ],
    button: 'Verbindung öffnen',
    after: [],
    reason: 'Sie erhalten diese Nachricht, weil Sie Administrator sind.',
  }),
  domain_lost: ({ connection, domain, reason }) => ({
    subject: `${domain} ist nicht mehr bestätigt`,
    before: [
      `Adressen auf ${domain} werden nicht mehr an ${connection} weitergeleitet.`,
      reason === 'record_missing'
        ? 'Ihr DNS-Eintrag fehlte zu lange.'
        : 'Eine andere Verbindung hat durch einen neuen DNS-Eintrag gezeigt, dass die Domain ihr gehört.',
    ],
    button: 'Verbindung öffnen',
    after: ['Weiß niemand davon, fragen Sie, wer das DNS der Domain verwaltet.'],
    reason: 'Sie erhalten diese Nachricht, weil Sie Administrator sind.',
  }),
  changes_held: ({ directory, hours }) => ({
    subject: `Änderungen von ${directory} warten auf Ihre Entscheidung`,
    before: [
      `Das Verzeichnis ${directory} will mehr Personen den Zugang nehmen, als sein Änderungsschutz durchlässt. Sie behalten ihn, bis ein Administrator die Änderungen freigibt oder verwirft.`,
      ...(hours === null
        ? []
        : [`Was niemand innerhalb von ${hours} Stunden entscheidet, wird dann ausgeführt.`]),
    ],
    button: 'Änderungen ansehen',
    after: [
      'Für das Verzeichnis sieht alles aus, als wäre es geschehen. Wer gegangen ist, kann sich noch anmelden.',
    ],
    reason: 'Sie erhalten diese Nachricht, weil Sie Administrator sind.',
  }),
  setup_link: ({ brand, message, purpose, sender, to, until }) => ({
    subject: `Bitte richten Sie ${setUp[purpose]} für ${brand} ein`,
    before: [
      `${sender} bittet Sie, ${setUp[purpose]} für ${brand} einzurichten. Sie brauchen kein Konto: Die Seite sagt Schritt für Schritt, was zu tun ist.`,
      ...(message === '' ? [] : [message]),
    ],
    button: 'Einrichtung öffnen',
    after: [
      `Der Link gilt bis ${until}. Wer ihn hat, kann diese Schritte tun: Geben Sie ihn auf seiner Seite weiter, nicht durch Weiterleiten dieser E-Mail.`,
    ],
    reason: `Sie erhalten diese E-Mail, weil ${to} als die Person genannt wurde, die dies einrichtet.`,
  }),
  setup_test: ({ brand, to }) => ({
    subject: `Test: E-Mails von ${brand} kommen an`,
    before: ['Wenn Sie dies lesen, kommen E-Mails an. Bitte bestätigen Sie es:'],
    button: 'Sie ist angekommen',
    after: [],
    reason: `Sie erhalten diese E-Mail, weil jemand, der ${brand} in Ihrem Unternehmen einrichtet, sie an ${to} geschickt hat.`,
  }),
  sso_fell_back: ({ connection }) => ({
    subject: `Die Firmenanmeldung ${connection} ist wieder freiwillig`,
    before: [
      `Seit die Firmenanmeldung ${connection} Pflicht war, kam niemand hinein, der es versuchte. Sie ist wieder freiwillig: Hier gilt auch das Passwort wieder.`,
    ],
    button: 'Fehlgeschlagene Anmeldungen ansehen',
    after: ['Testen Sie die Verbindung, bevor Sie sie wieder zur Pflicht machen.'],
    reason: 'Sie erhalten diese Nachricht, weil Sie Administrator sind.',
  }),
  sso_expiry: ({ connection, day, isOver, what }) => {
    const thing = {
      client_secret: 'Das Client-Geheimnis',
      idp_certificate: 'Das Zertifikat des Anbieters',
      signing_certificate: 'Das Zertifikat für unsere Anfragen',
      encryption_certificate: 'Das Zertifikat für die Verschlüsselung',
    }[what];
    const end = isOver ? `ist am ${day} abgelaufen` : `läuft am ${day} ab`;
    return {
      subject: `Firmenanmeldung ${connection}: ${thing} ${isOver ? 'ist abgelaufen' : 'läuft bald ab'}`,
      before: [`${thing} der Firmenanmeldung ${connection} ${end}.`],
      button: 'Verbindung öffnen',
      after: [
        'Erneuern Sie es beim Anbieter und speichern Sie das neue hier, damit sich alle weiter anmelden können.',
      ],
      reason: 'Sie erhalten diese Nachricht, weil Sie Administrator sind.',
    };
  },
  frame: {
    orOpen: 'Oder öffnen Sie diese Adresse:',
    help: 'Hilfe: ',
    or: ' oder ',
    sentFor: (brand) => `Im Auftrag von ${brand} von Gatehouse gesendet.`,
  },
};
