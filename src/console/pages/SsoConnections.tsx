import { Anchor, Badge, Button, Group } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { time } from '../text/format.js';
import type { SsoConnection } from '../types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { Page } from '../ui/Page.js';
import { Word } from '../ui/Status.js';
import { BreakGlass } from './BreakGlass.js';
import { NewConnection } from './NewConnection.js';
import { Trace } from './Trace.js';

export default function SsoConnections() {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const modes = { off: t('Off'), optional: t('Optional'), required: t('Required') };
  const colors = { off: 'gray', optional: 'blue', required: 'green' };
  const columns: Column<SsoConnection>[] = [
    {
      key: 'name',
      header: t('Name'),
      sort: 'name',
      cell: ({ id, name }) => (
        <Anchor component={Link} to={`/sso-connections/${id}`} fw={500}>
          {name}
        </Anchor>
      ),
    },
    {
      key: 'domains',
      header: t('Domains'),
      cell: ({ domains }) => (
        <Group gap={4}>
          {domains.map(({ domain, verified }) => (
            <Badge key={domain} variant="default" tt="none">
              {verified ? `${domain} ✓` : t('{{domain}} (not verified)', { domain })}
            </Badge>
          ))}
        </Group>
      ),
    },
    { key: 'issuer', header: t('Issuer'), cell: ({ idpEntityId, issuer }) => issuer ?? idpEntityId },
    { key: 'mode', header: t('Mode'), cell: ({ mode }) => <Word text={modes[mode]} color={colors[mode]} /> },
    {
      key: 'created',
      header: t('Created'),
      sort: 'createdAt',
      isHidden: true,
      cell: ({ createdAt }) => time(createdAt),
    },
  ];
  const button = <Button onClick={() => setOpened(true)}>{t('New connection')}</Button>;
  return (
    <Page
      title={t('SSO connections')}
      lead={t('People whose address is on one of these domains sign in at their own company.')}
      actions={button}
    >
      <DataTable<SsoConnection>
        name="sso-connections"
        path="/sso-connections"
        caption={t('SSO connections')}
        columns={columns}
        searchLabel={t('Search connections')}
        empty={
          <Empty
            text={t(
              'No connections yet. Connect an OpenID or SAML provider, prove a domain, and its people are forwarded there.',
            )}
            action={button}
          />
        }
      />
      <BreakGlass />
      <Trace />
      <NewConnection opened={opened} onClose={() => setOpened(false)} />
    </Page>
  );
}
