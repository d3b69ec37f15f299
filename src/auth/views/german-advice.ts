/** German texts of what has not come by a directory, as the company’s IT reads it. */
export const germanAdvice = {
  'Nothing has come yet.': 'Noch ist nichts gekommen.',
  'Okta: Provisioning > Integration: paste the base address and the token, then Test Connector Configuration.':
    'Okta: Provisioning > Integration: Basisadresse und Token einfügen, dann Test Connector Configuration.',
  'Entra: Provisioning > Admin credentials: paste the address and the token, then Test Connection.':
    'Entra: Provisioning > Admin credentials: Adresse und Token einfügen, dann Test Connection.',
  'Paste the base address and the token at the identity provider, and test the connection there.':
    'Fügen Sie Basisadresse und Token beim Identitätsanbieter ein und testen Sie dort die Verbindung.',
  'The connection was tested, and no people were sent.':
    'Die Verbindung wurde getestet, aber niemand wurde gesendet.',
  'Okta: Provisioning > To App: tick Create Users. Then Assignments: assign people or groups.':
    'Okta: Provisioning > To App: Create Users ankreuzen. Dann Assignments: Personen oder Gruppen zuweisen.',
  'Entra: assign users and groups, then Start provisioning; a cycle may take 40 minutes.':
    'Entra: Benutzer und Gruppen zuweisen, dann Start provisioning; ein Durchlauf kann 40 Minuten dauern.',
  'OneLogin: Provisioning: enable it, and approve the pending users.':
    'OneLogin: Provisioning: einschalten und die wartenden Benutzer freigeben.',
  'Assign people at the identity provider, and start the provisioning.':
    'Weisen Sie beim Identitätsanbieter Personen zu und starten Sie die Bereitstellung.',
  'One person came, and no one after them.': 'Eine Person kam, und danach niemand.',
  'Entra: this is what Provision on demand sends. Choose Start provisioning for all who are assigned.':
    'Entra: Das sendet Provision on demand. Wählen Sie Start provisioning für alle, die zugewiesen sind.',
  '{{1}} people came, and no group in {{2}} minutes.':
    '{{1}} Personen kamen, und keine Gruppe in {{2}} Minuten.',
  'Okta: Push Groups > Push Groups: choose the groups. To assign a group does not push it.':
    'Okta: Push Groups > Push Groups: Wählen Sie die Gruppen. Eine Gruppe zuzuweisen sendet sie nicht.',
  'Entra: assign groups to the application, and leave Provision Microsoft Entra ID Groups on in Mappings.':
    'Entra: Weisen Sie der Anwendung Gruppen zu und lassen Sie in Mappings Provision Microsoft Entra ID Groups an.',
  'OneLogin: Parameters > Groups: Include in User Provisioning, and a rule that sets groups.':
    'OneLogin: Parameters > Groups: Include in User Provisioning, und eine Regel, die Gruppen setzt.',
  'Let the identity provider push the groups too.':
    'Lassen Sie den Identitätsanbieter auch die Gruppen senden.',
  '{{1}} groups came, and none has a member.': '{{1}} Gruppen kamen, und keine hat ein Mitglied.',
  'Okta: only people who are assigned to the application become members. Assign them, then Push now.':
    'Okta: Nur Personen, die der Anwendung zugewiesen sind, werden Mitglieder. Weisen Sie sie zu, dann Push now.',
  'Entra: check that the attribute members is mapped, and that the groups are not nested.':
    'Entra: Prüfen Sie, dass das Attribut members zugeordnet ist und die Gruppen nicht verschachtelt sind.',
  'Check that the members of the groups are provisioned too, and that the members are sent.':
    'Prüfen Sie, dass auch die Mitglieder der Gruppen bereitgestellt und die Mitglieder gesendet werden.',
  '{{1}} people have no address: they get no mail, and nothing forwards their sign-in.':
    '{{1}} Personen haben keine Adresse: Sie erhalten keine E-Mail, und nichts leitet ihre Anmeldung weiter.',
  'Entra: Mappings: emails[type eq "work"].value must have a source; mail is often empty, userPrincipalName is not.':
    'Entra: Mappings: emails[type eq "work"].value braucht eine Quelle; mail ist oft leer, userPrincipalName nicht.',
  'Map an address to emails or to userName at the identity provider.':
    'Ordnen Sie beim Identitätsanbieter emails oder userName eine Adresse zu.',
  'Most people came without a name.': 'Die meisten Personen kamen ohne Namen.',
  'Map name.givenName and name.familyName, or displayName, at the identity provider.':
    'Ordnen Sie beim Identitätsanbieter name.givenName und name.familyName oder displayName zu.',
  'Most people came without externalId: a renamed person may come as a new one.':
    'Die meisten Personen kamen ohne externalId: Wer umbenannt wird, kann als jemand Neues kommen.',
  'Map the provider’s own unchanging id to externalId.':
    'Ordnen Sie externalId die eigene, unveränderliche ID des Anbieters zu.',
  'Everybody came disabled.': 'Alle kamen deaktiviert.',
  'Entra: Mappings: active must come from Switch([IsSoftDeleted], , "False", "True", "True", "False").':
    'Entra: Mappings: active muss aus Switch([IsSoftDeleted], , "False", "True", "True", "False") kommen.',
  'Check what is mapped to active at the identity provider.':
    'Prüfen Sie, was beim Identitätsanbieter active zugeordnet ist.',
  'No SSO connection is for addresses at {{1}}.': 'Keine SSO-Verbindung ist für Adressen bei {{1}}.',
  'Add the domain to the connection and prove it, or send other addresses.':
    'Fügen Sie die Domain der Verbindung hinzu und weisen Sie sie nach, oder senden Sie andere Adressen.',
  '{{1}} of {{2}} requests of the last hour were refused.':
    '{{1}} von {{2}} Anfragen der letzten Stunde wurden abgewiesen.',
  'The dialect strict refuses what most identity providers send.':
    'Der Dialekt strict weist ab, was die meisten Identitätsanbieter senden.',
  'Set the directory’s dialect to auto.': 'Setzen Sie den Dialekt des Verzeichnisses auf auto.',
  'The last token ends in {{1}} days: provisioning stops then.':
    'Das letzte Token endet in {{1}} Tagen: Dann hört die Bereitstellung auf.',
  'Make another token and paste it at the identity provider; two may be good at once.':
    'Erzeugen Sie ein weiteres Token und fügen Sie es beim Identitätsanbieter ein; zwei dürfen zugleich gelten.',
};
