import { Alert, List, Stack, Switch, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { time } from '../text/format.js';
import type { SsoConnection } from '../types.js';
import { fieldErrors } from '../ui/Problems.js';
import { SaveEnd } from '../ui/SaveEnd.js';
import { Copyable } from '../ui/Secret.js';
import { DirectoryChoice, JitChoice } from './JitChoice.js';
import { useSave } from '../ui/use-save.js';

/** What a SAML provider's administrator enters there. */
export function SamlAddresses({ connection }: { connection: SsoConnection }) {
  const { t } = useTranslation();
  return (
    <>
      <Copyable label={t('ACS URL (reply URL)')} value={connection.acsUrl ?? ''} />
      <Copyable label={t('Single logout URL')} value={connection.sloUrl ?? ''} />
      <Copyable label={t('Entity ID, and address of our metadata')} value={connection.entityId ?? ''} />
    </>
  );
}

function Provider({ connection }: { connection: SsoConnection }) {
  const { t } = useTranslation();
  const { idpCertificates, idpEntityId, idpMetadataFault, idpSsoUrl } = connection;
  if (idpEntityId === null)
    return <Alert color="blue">{t('The provider is not known yet: give its metadata.')}</Alert>;
  return (
    <Stack gap="xs">
      {idpMetadataFault !== null && <Alert color="red">{idpMetadataFault}</Alert>}
      <Text size="sm">{idpEntityId}</Text>
      <Text size="sm">{idpSsoUrl}</Text>
      <List size="sm">
        {idpCertificates.map(({ fingerprint, subject, expiresAt }) => (
          <List.Item key={fingerprint}>
            {t('{{subject}}, valid until {{end}}', { subject, end: time(expiresAt) })}
            <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {fingerprint}
            </Text>
          </List.Item>
        ))}
      </List>
    </Stack>
  );
}

const fieldsOf = ({ attributeMapping, idpMetadataUrl, subjectFrom, ...connection }: SsoConnection) => ({
  name: connection.name,
  idpMetadataUrl: idpMetadataUrl ?? '',
  idpMetadata: '',
  subjectFrom: subjectFrom ?? 'nameId',
  email: attributeMapping?.email ?? '',
  givenName: attributeMapping?.givenName ?? '',
  familyName: attributeMapping?.familyName ?? '',
  groups: attributeMapping?.groups ?? '',
});

type Fields = ReturnType<typeof fieldsOf>;

/** What is empty is not said: the metadata stay, and the usual names of attributes are tried. */
function bodyOf(connection: SsoConnection, fields: Fields): object {
  const { name, idpMetadata, subjectFrom } = fields;
  const orNull = (text: string) => (text.trim() === '' ? null : text.trim());
  const url = orNull(fields.idpMetadataUrl);
  const attributeMapping = {
    email: orNull(fields.email),
    givenName: orNull(fields.givenName),
    familyName: orNull(fields.familyName),
    groups: orNull(fields.groups),
  };
  return {
    name,
    subjectFrom: subjectFrom.trim(),
    attributeMapping,
    ...(idpMetadata.trim() !== '' && { idpMetadata }),
    ...(url !== connection.idpMetadataUrl && idpMetadata.trim() === '' && { idpMetadataUrl: url }),
  };
}

/** The settings of a SAML connection. */
export function EditSaml({ connection, etag }: { connection: SsoConnection; etag: string | undefined }) {
  const { t } = useTranslation();
  const [fields, setFields] = useState(() => fieldsOf(connection));
  const [domains, setDomains] = useState(() => connection.domains.map(({ domain }) => domain));
  const [jit, setJit] = useState(connection.jit);
  const [directoryId, setDirectory] = useState(connection.directoryId);
  const [singleLogout, setSingleLogout] = useState(connection.singleLogout);
  const { mutate, isPending, error } = useSave(`/sso-connections/${connection.id}`, etag);
  const errors = fieldErrors(error);
  const field = (name: keyof Fields, label: string, description?: string) => (
    <TextInput
      label={label}
      description={description}
      value={fields[name]}
      error={errors[name] ?? errors[`attributeMapping.${name}`]}
      onChange={({ currentTarget }) => setFields({ ...fields, [name]: currentTarget.value })}
    />
  );
  const usual = t('Empty: the usual names of providers are tried.');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const ofDomains = domains.map((domain) => ({ domain }));
        mutate({ ...bodyOf(connection, fields), domains: ofDomains, jit, directoryId, singleLogout });
      }}
    >
      <Stack maw={640}>
        <Provider connection={connection} />
        {field('name', t('Name'))}
        {field(
          'idpMetadataUrl',
          t('Address of the provider’s metadata'),
          t('Read at once and then each day.'),
        )}
        <Textarea
          label={t('Or the metadata itself (XML)')}
          autosize
          maxRows={8}
          value={fields.idpMetadata}
          error={errors.idpMetadata}
          onChange={({ currentTarget }) => setFields({ ...fields, idpMetadata: currentTarget.value })}
        />
        {field(
          'subjectFrom',
          t('What identifies a person'),
          t('nameId, or the name of an attribute. If it is an address, a changed address is a new person.'),
        )}
        {field('email', t('Attribute of the address'), usual)}
        {field('givenName', t('Attribute of the given name'), usual)}
        {field('familyName', t('Attribute of the family name'), usual)}
        {field('groups', t('Attribute of the groups'), usual)}
        <TagsInput label={t('Domains')} value={domains} error={errors.domains} onChange={setDomains} />
        <JitChoice value={jit} onChange={setJit} />
        <DirectoryChoice value={directoryId} onChange={setDirectory} />
        <Switch
          label={t('People who sign out here are signed out at the provider too')}
          description={connection.idpSloUrl ?? t('The provider offers no single logout.')}
          checked={singleLogout}
          onChange={({ currentTarget }) => setSingleLogout(currentTarget.checked)}
        />
        <SaveEnd error={error} isPending={isPending} />
      </Stack>
    </form>
  );
}
