import { Code, NativeSelect, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Application } from '../types.js';
import { Copyable, CopyText } from '../ui/Secret.js';
import { useKept } from '../ui/kept.js';
import { environmentOf, quickStarts } from './quick-start.js';

/** How to connect the application, for the framework it is made with. */
export function QuickStart({ application }: { application: Application }) {
  const { t } = useTranslation();
  const { clientId, isPublic, kind, redirectUris } = application;
  const issuer = `${location.origin}/oidc`;
  const [kept, setKept] = useKept('framework', '');
  const [redirectUri, setRedirectUri] = useState(redirectUris[0] ?? 'https://app.example.com/callback');
  const facts = { issuer, clientId, redirectUri, isPublic, isMachine: kind === 'machine' };
  const starts = quickStarts(facts);
  const environment = environmentOf(facts);
  const shown = starts.find(({ title }) => title === kept) ?? starts[0];
  return (
    <Stack maw={900}>
      <Copyable label={t('Issuer')} value={issuer} />
      <Copyable label={t('Discovery')} value={`${issuer}/.well-known/openid-configuration`} />
      <Copyable label={t('Client id')} value={clientId} />
      {redirectUris.length > 1 && (
        <NativeSelect
          label={t('Redirect address')}
          value={redirectUri}
          data={redirectUris}
          onChange={({ currentTarget }) => setRedirectUri(currentTarget.value)}
        />
      )}
      <NativeSelect
        label={t('Framework')}
        value={shown?.title ?? ''}
        data={starts.map(({ title }) => title)}
        onChange={({ currentTarget }) => setKept(currentTarget.value)}
      />
      {shown && (
        <div>
          <CopyText label={shown.file} value={shown.code} />
          <Code block tabIndex={0}>
            {shown.code}
          </Code>
        </div>
      )}
      {kind !== 'machine' && (
        <div>
          <CopyText label=".env" value={environment} />
          <Text size="sm" c="dimmed">
            {t('The same as environment variables, for any other library.')}
          </Text>
          <Code block tabIndex={0}>
            {environment}
          </Code>
        </div>
      )}
      <Text size="sm" c="dimmed">
        {t(
          'Any certified OpenID Connect library works. PKCE is asked of every application unless it is switched off.',
        )}
      </Text>
    </Stack>
  );
}
