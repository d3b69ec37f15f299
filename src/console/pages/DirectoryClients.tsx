import { Button, Group, Paper, Stack, Text, TextInput, Textarea, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post, read, remove, type Listed } from '../api.js';
import { ago, time } from '../text/format.js';
import type { OauthClient } from '../directory-types.js';
import type { Directory } from '../types.js';
import { useAct } from '../ui/act.js';
import { useAsk } from '../ui/Ask.js';
import { FormModal } from '../ui/FormModal.js';
import { Copyable, ShownOnce } from '../ui/Secret.js';
import { Federation } from './DirectoryFederation.js';

const blank = { name: '', expires: '', jwksUri: '', jwks: '' };

/** The key set as it was typed; not JSON is left as it is, so that the server says what is wrong. */
function keysOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function NewClient({ path, opened, onClose }: { path: string; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState(blank);
  const [made, setMade] = useState<OauthClient>();
  const body = {
    name: form.name.trim() || 'OAuth',
    ...(form.expires !== '' && { expiresAt: new Date(form.expires).toISOString() }),
    ...(form.jwksUri.trim() !== '' && { jwksUri: form.jwksUri.trim() }),
    ...(form.jwks.trim() !== '' && { jwks: keysOf(form.jwks) }),
  };
  return (
    <FormModal
      title={t('New OAuth client')}
      button={t('Create')}
      opened={opened}
      onClose={() => {
        setForm(blank);
        setMade(undefined);
        onClose();
      }}
      send={() => post<OauthClient>(path, body)}
      onDone={setMade}
      staysOpen
    >
      {(errors) =>
        made ? (
          <>
            <Copyable label={t('Token endpoint')} value={`${location.origin}/oidc/token`} />
            <Copyable label={t('Client id')} value={made.clientId} />
            <Copyable label={t('Scope')} value="scim" />
            {typeof made.clientSecret === 'string' && (
              <ShownOnce label={t('Client secret')} value={made.clientSecret} />
            )}
          </>
        ) : (
          <>
            <TextInput
              label={t('Name')}
              value={form.name}
              error={errors.name}
              onChange={({ currentTarget }) => setForm({ ...form, name: currentTarget.value })}
            />
            <TextInput
              type="datetime-local"
              label={t('Expires')}
              description={t('Empty: no end')}
              value={form.expires}
              error={errors.expiresAt}
              onChange={({ currentTarget }) => setForm({ ...form, expires: currentTarget.value })}
            />
            <TextInput
              type="url"
              label={t('Address of its keys')}
              description={t(
                'For a client that signs its requests with keys of its own. It then has no secret.',
              )}
              placeholder="https://example.com/jwks.json"
              value={form.jwksUri}
              error={errors.jwksUri}
              onChange={({ currentTarget }) => setForm({ ...form, jwksUri: currentTarget.value })}
            />
            <Textarea
              label={t('Or its public keys')}
              description={t('A key set (JWKS) as JSON')}
              autosize
              minRows={2}
              maxRows={8}
              value={form.jwks}
              error={errors.jwks}
              onChange={({ currentTarget }) => setForm({ ...form, jwks: currentTarget.value })}
            />
          </>
        )
      }
    </FormModal>
  );
}

function Client({ path, client }: { path: string; client: OauthClient }) {
  const { t } = useTranslation();
  const act = useAct();
  const queries = useQueryClient();
  const [ask, dialog] = useAsk();
  const [secret, setSecret] = useState<string>();
  const own = `${path}/${client.id}`;
  const hasKeys = client.jwks !== null || client.jwksUri !== null;
  const forget = (what: string, address: string) =>
    ask({
      title: t('Revoke {{what}}?', { what }),
      text: t('The identity provider is refused at once. Make a new one first if it is still used.'),
      button: t('Revoke'),
      isDangerous: true,
      act: async () => {
        await remove(address);
        await queries.invalidateQueries();
      },
    });
  const addSecret = () =>
    act(async () => {
      setSecret((await post<{ clientSecret: string }>(`${own}/secrets`)).clientSecret);
    }, t('The old secret stays until you revoke it.'));
  return (
    <Paper withBorder p="md" component="article" aria-label={client.name}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Text fw={600}>{client.name}</Text>
          <Group gap="xs">
            {!hasKeys && client.secrets.length < 2 && (
              <Button size="compact-sm" variant="default" onClick={addSecret}>
                {t('Second secret')}
              </Button>
            )}
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t('Revoke {{what}}', { what: client.name })}
              onClick={() => forget(client.name, own)}
            >
              {t('Revoke')}
            </Button>
          </Group>
        </Group>
        <Copyable label={t('Client id')} value={client.clientId} />
        <Text size="sm">
          {t('Last used')}: {ago(client.lastUsedAt)} · {t('Expires')}:{' '}
          {client.expiresAt === null ? t('never') : time(client.expiresAt)}
        </Text>
        {hasKeys && <Text size="sm">{client.jwksUri ?? t('It signs with keys of its own.')}</Text>}
        {secret !== undefined && <ShownOnce label={t('Client secret')} value={secret} />}
        {client.secrets.map(({ id, prefix, createdAt, lastUsedAt }) => (
          <Group key={id} justify="space-between">
            <Text size="sm">
              <span className="code">{prefix}…</span> · {t('Created')}: {time(createdAt)} · {t('Last used')}:{' '}
              {ago(lastUsedAt)}
            </Text>
            {client.secrets.length > 1 && (
              <Button
                size="compact-sm"
                variant="default"
                aria-label={t('Revoke {{what}}', { what: `${prefix}…` })}
                onClick={() => forget(`${prefix}…`, `${own}/secrets/${id}`)}
              >
                {t('Revoke')}
              </Button>
            )}
          </Group>
        ))}
      </Stack>
      {dialog}
    </Paper>
  );
}

/** Clients that fetch short-lived tokens for SCIM, each with two secrets at most or keys, and whose workloads need neither. */
export function DirectoryClients({ directory, etag }: { directory: Directory; etag: string | undefined }) {
  const { t } = useTranslation();
  const path = `/directories/${directory.id}/clients`;
  const [opened, setOpened] = useState(false);
  const { data } = useQuery({ queryKey: [path], queryFn: () => read<Listed<OauthClient>>(path) });
  return (
    <Stack maw={820}>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t('OAuth clients')}
        </Title>
        <Button onClick={() => setOpened(true)}>{t('New OAuth client')}</Button>
      </Group>
      <Text size="sm" c="dimmed">
        {t('A client fetches a token that lives for a short time, in place of one that lives for long.')}
      </Text>
      {data?.items.length === 0 && <Text c="dimmed">{t('None yet.')}</Text>}
      {data?.items.map((client) => (
        <Client key={client.id} path={path} client={client} />
      ))}
      <NewClient path={path} opened={opened} onClose={() => setOpened(false)} />
      <Federation key={etag} directory={directory} etag={etag} />
    </Stack>
  );
}
