import { Button, Group, NativeSelect, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../api.js';
import { day } from '../text/format.js';
import type { SsoConnection, SsoExpiring } from '../types.js';
import { useAct } from '../ui/act.js';
import { Facts } from '../ui/Facts.js';
import { FormProblem, fieldErrors } from '../ui/Problems.js';
import { Copyable } from '../ui/Secret.js';
import { useSave } from '../ui/use-save.js';

interface Props {
  connection: SsoConnection;
  etag: string | undefined;
}

/** What a connection works with that ends by itself, and when. */
export function Expiries({ connection: { expiries } }: { connection: SsoConnection }) {
  const { t } = useTranslation();
  const names: Record<SsoExpiring, string> = {
    client_secret: t('Client secret'),
    idp_certificate: t('Certificate of the provider'),
    signing_certificate: t('Certificate of our requests'),
    encryption_certificate: t('Certificate for encryption'),
  };
  if (expiries.length === 0) return null;
  return <Facts facts={expiries.map(({ expiresAt, what }) => [names[what], day(expiresAt)] as const)} />;
}

function OurKeys({ connection: { clientKeys, clientKeysUri, id } }: Props) {
  const { t } = useTranslation();
  const act = useAct();
  const states = { current: t('signs now'), next: t('signs next'), previous: t('signed before') };
  return (
    <>
      <Copyable label={t('Address of our public keys (JWKS)')} value={clientKeysUri ?? ''} />
      <Facts facts={clientKeys.map(({ kid, state }) => [states[state], kid] as const)} />
      <Group>
        <Button
          variant="default"
          onClick={() =>
            act(() => post(`/sso-connections/${id}/rotate-client-key`), t('The next key signs from now on'))
          }
        >
          {t('Sign with the next key')}
        </Button>
      </Group>
    </>
  );
}

function OurSecret({ connection, etag }: Props) {
  const { t } = useTranslation();
  const until = connection.previousClientSecretUntil;
  const [secret, setSecret] = useState('');
  const [end, setEnd] = useState(connection.clientSecretExpiresAt?.slice(0, 10) ?? '');
  const { mutate, isPending, error } = useSave(`/sso-connections/${connection.id}`, etag);
  const errors = fieldErrors(error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const clientSecretExpiresAt = end === '' ? null : `${end}T00:00:00.000Z`;
        mutate({ clientSecretExpiresAt, ...(secret !== '' && { clientSecret: secret }) });
      }}
    >
      <Stack>
        <PasswordInput
          label={t('New client secret')}
          description={
            connection.hasClientSecret ? t('One is kept; empty leaves it as it is.') : t('None is kept.')
          }
          autoComplete="off"
          value={secret}
          error={errors.clientSecret}
          onChange={({ currentTarget }) => setSecret(currentTarget.value)}
        />
        <TextInput
          type="date"
          label={t('It expires on')}
          description={t('As the provider says. You get a mail 30, 7 and 1 days before.')}
          value={end}
          error={errors.clientSecretExpiresAt}
          onChange={({ currentTarget }) => setEnd(currentTarget.value)}
        />
        {until !== null && (
          <Text size="sm">
            {t('Until {{day}} the earlier secret is tried too, where the provider refuses this one.', {
              day: day(until),
            })}
          </Text>
        )}
        <FormProblem error={error} />
        <Group>
          <Button type="submit" loading={isPending}>
            {t('Save')}
          </Button>
          {until !== null && (
            <Button variant="default" onClick={() => mutate({ previousClientSecret: null })}>
              {t('Forget the earlier secret')}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}

/** How we show an OpenID provider who we are: by a secret of its own, or by a key of ours that it reads at an address. */
export function ClientAuth({ connection, etag }: Props) {
  const { t } = useTranslation();
  const { mutate, error } = useSave(`/sso-connections/${connection.id}`, etag);
  const method = connection.clientAuthMethod ?? 'auto';
  return (
    <Stack maw={640}>
      <NativeSelect
        label={t('We show the provider who we are by')}
        value={method}
        onChange={({ currentTarget: { value } }) =>
          mutate({ clientAuthMethod: value === 'auto' ? null : value })
        }
        data={[
          { value: 'auto', label: t('a client secret, as the provider’s metadata say') },
          { value: 'client_secret_basic', label: t('a client secret in the header (basic)') },
          { value: 'client_secret_post', label: t('a client secret in the body (post)') },
          { value: 'private_key_jwt', label: t('a key of ours (private_key_jwt): no secret that expires') },
        ]}
      />
      <FormProblem error={error} />
      {method === 'private_key_jwt' ? (
        <OurKeys connection={connection} etag={etag} />
      ) : (
        <OurSecret key={connection.updatedAt} connection={connection} etag={etag} />
      )}
      <Expiries connection={connection} />
    </Stack>
  );
}
