import { Anchor, Button, NativeSelect, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post, read, type Listed } from '../api.js';
import type { SetupLink } from '../sso-types.js';
import { ago, time } from '../text/format.js';
import type { Directory, SsoConnection } from '../types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { FormModal } from '../ui/FormModal.js';
import { Page } from '../ui/Page.js';
import { ShownOnce } from '../ui/Secret.js';
import { Word } from '../ui/Status.js';
import { useRevoke } from '../ui/use-revoke.js';

type Purpose = SetupLink['purpose'];

const blank = {
  name: '',
  purpose: 'oidc' as Purpose,
  provider: 'okta',
  target: '',
  domains: [] as string[],
  email: '',
  message: '',
  days: '7',
};
type Form = typeof blank;

function usePurposes(): Readonly<Record<Purpose, string>> {
  const { t } = useTranslation();
  return {
    oidc: t('Company sign-in by OpenID Connect'),
    saml: t('Company sign-in by SAML'),
    scim: t('Provisioning by SCIM'),
    domains: t('Proof of domains'),
    renewal: t('New secret or certificate'),
  };
}

/** What is set up: what stands and fits, or a new one. */
function Target({ form, onChoose }: { form: Form; onChoose: (id: string) => void }) {
  const { t } = useTranslation();
  const isDirectory = form.purpose === 'scim';
  const path = isDirectory ? '/directories' : '/sso-connections';
  const { data } = useQuery({
    queryKey: [path, 'all'],
    queryFn: () =>
      read<Listed<Pick<Directory & SsoConnection, 'id' | 'name' | 'mode' | 'protocol'>>>(path, {
        limit: 1000,
      }),
  });
  const isNew = form.purpose === 'oidc' || form.purpose === 'saml' || isDirectory;
  const items = (data?.items ?? []).filter(({ mode, protocol }) =>
    form.purpose === 'oidc' || form.purpose === 'saml' ? mode === 'off' && protocol === form.purpose : true,
  );
  return (
    <NativeSelect
      label={isDirectory ? t('Directory') : t('Connection')}
      required={!isNew}
      value={form.target}
      onChange={({ currentTarget }) => onChoose(currentTarget.value)}
      data={[
        { value: '', label: isNew ? t('A new one, with the name above') : '' },
        ...items.map(({ id, name }) => ({ value: id, label: name })),
      ]}
    />
  );
}

const bodyOf = ({ days, domains, email, message, name, provider, purpose, target }: Form) => ({
  ...{ name: name.trim(), purpose, provider, message, lifeSeconds: Number(days) * 86_400 },
  ...(email.trim() !== '' && { email: email.trim() }),
  ...(target !== '' && { [purpose === 'scim' ? 'directoryId' : 'connectionId']: target }),
  ...(target === '' && domains.length > 0 && { domains }),
});

function NewLink({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const purposes = usePurposes();
  const [form, setForm] = useState(blank);
  const [url, setUrl] = useState<string>();
  const set = (part: Partial<Form>) => setForm({ ...form, ...part });
  const isConnection = form.purpose === 'oidc' || form.purpose === 'saml';
  return (
    <FormModal
      title={t('New set-up link')}
      button={t('Create')}
      opened={opened}
      onClose={() => {
        setForm(blank);
        setUrl(undefined);
        onClose();
      }}
      send={() => post<SetupLink & { url: string }>('/setup-links', bodyOf(form))}
      onDone={(made) => setUrl(made.url)}
      staysOpen
    >
      {(errors) =>
        url !== undefined ? (
          <>
            <ShownOnce label={t('Link')} value={url} />
            <Text size="sm">
              {t('Everyone with the link can do these steps until it ends. Send it to one person.')}
            </Text>
          </>
        ) : (
          <>
            <NativeSelect
              label={t('What is set up')}
              value={form.purpose}
              onChange={({ currentTarget }) => set({ purpose: currentTarget.value as Purpose, target: '' })}
              data={Object.entries(purposes).map(([value, label]) => ({ value, label }))}
            />
            <TextInput
              label={t('For whom')}
              placeholder={t('IT of Acme')}
              required
              value={form.name}
              error={errors.name}
              onChange={({ currentTarget }) => set({ name: currentTarget.value })}
            />
            <Target form={form} onChoose={(target) => set({ target })} />
            <NativeSelect
              label={t('Their identity provider')}
              value={form.provider}
              onChange={({ currentTarget }) => set({ provider: currentTarget.value })}
              data={[
                { value: 'okta', label: 'Okta' },
                { value: 'entra', label: 'Microsoft Entra ID' },
                { value: 'google', label: 'Google Workspace' },
                { value: 'keycloak', label: 'Keycloak' },
                { value: 'other', label: t('Another one') },
              ]}
            />
            {isConnection && form.target === '' && (
              <TagsInput
                label={t('Domains of their addresses')}
                description={t('They prove them by a DNS record.')}
                value={form.domains}
                error={errors.domains}
                onChange={(domains) => set({ domains })}
              />
            )}
            <TextInput
              label={t('Email (optional)')}
              description={t('The link is mailed there.')}
              value={form.email}
              error={errors.email}
              onChange={({ currentTarget }) => set({ email: currentTarget.value })}
            />
            {form.email.trim() !== '' && (
              <Textarea
                label={t('Message (optional)')}
                maxLength={1000}
                value={form.message}
                onChange={({ currentTarget }) => set({ message: currentTarget.value })}
              />
            )}
            <NativeSelect
              label={t('Ends after')}
              value={form.days}
              onChange={({ currentTarget }) => set({ days: currentTarget.value })}
              data={[
                { value: '1', label: t('1 day') },
                { value: '7', label: t('7 days') },
                { value: '30', label: t('30 days') },
              ]}
            />
          </>
        )
      }
    </FormModal>
  );
}

function useColumns(revokeButton: (link: SetupLink) => ReactNode): Column<SetupLink>[] {
  const { t } = useTranslation();
  const purposes = usePurposes();
  const states = { open: t('Open'), expired: t('Expired'), revoked: t('Revoked') };
  const colors = { open: 'green', expired: 'gray', revoked: 'gray' };
  const steps = { provider: t('provider'), dns: t('DNS'), mail: t('mail') };
  return [
    { key: 'name', header: t('For whom'), sort: 'name', cell: ({ name }) => name },
    {
      key: 'purpose',
      header: t('What is set up'),
      cell: ({ connectionId, directoryId, purpose }) => (
        <Anchor
          component={Link}
          to={directoryId === null ? `/sso-connections/${connectionId}` : `/directories/${directoryId}`}
        >
          {purposes[purpose]}
        </Anchor>
      ),
    },
    {
      key: 'steps',
      header: t('Steps'),
      cell: (link) => link.steps.map((step) => steps[step]).join(', '),
    },
    {
      key: 'state',
      header: t('State'),
      cell: ({ state }) => <Word text={states[state]} color={colors[state]} />,
    },
    { key: 'opened', header: t('Last opened'), cell: ({ lastUsedAt }) => ago(lastUsedAt) },
    { key: 'expires', header: t('Expires'), cell: ({ expiresAt }) => time(expiresAt) },
    { key: 'email', header: t('Mailed to'), isHidden: true, cell: ({ email }) => email },
    { key: 'maker', header: t('Made by'), isHidden: true, cell: ({ maker }) => maker },
    {
      key: 'created',
      header: t('Created'),
      sort: 'createdAt',
      isHidden: true,
      cell: ({ createdAt }) => time(createdAt),
    },
    { key: 'revoke', header: t('Actions'), cell: revokeButton },
  ];
}

export default function SetupLinks() {
  const { t } = useTranslation();
  const [revokeButton, dialog] = useRevoke('/setup-links', {
    text: t('The page is closed at once, for colleagues as well. What was set up stays.'),
    send: (path) => post(`${path}/revoke`),
  });
  const [opened, setOpened] = useState(false);
  const columns = useColumns((link) => (link.state === 'open' ? revokeButton(link) : null));
  const button = <Button onClick={() => setOpened(true)}>{t('New set-up link')}</Button>;
  return (
    <Page
      title={t('Set-up links')}
      lead={t(
        'A customer’s IT sets up one connection, directory or domain on a page of its own, without an account.',
      )}
      actions={button}
    >
      <DataTable<SetupLink>
        name="setup-links"
        path="/setup-links"
        caption={t('Set-up links')}
        columns={columns}
        searchLabel={t('Search links')}
        empty={
          <Empty
            text={t('No links yet. Make one, and the company’s IT does the rest: provider, DNS, mail.')}
            action={button}
          />
        }
      />
      {dialog}
      <NewLink opened={opened} onClose={() => setOpened(false)} />
    </Page>
  );
}
