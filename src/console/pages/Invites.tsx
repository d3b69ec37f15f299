import { Button, Group } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { post } from '../api.js';
import { useRoles, useWho } from '../session.js';
import { ago, time } from '../text/format.js';
import type { Invitation } from '../types.js';
import { useAct } from '../ui/act.js';
import { useAsk, type Question } from '../ui/Ask.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { ExportButton } from '../ui/ExportButton.js';
import { Page } from '../ui/Page.js';
import { Word } from '../ui/Status.js';
import { InviteUsers } from './InviteUsers.js';
import { UserTabs } from './UserTabs.js';

const colors = { waiting: 'blue', completed: 'green', expired: 'gray', revoked: 'red' } as const;

function useStatusNames(): Record<Invitation['status'], string> {
  const { t } = useTranslation();
  return { waiting: t('Waiting'), completed: t('Completed'), expired: t('Expired'), revoked: t('Revoked') };
}

function RowButtons({ invitation, ask }: { invitation: Invitation; ask: (question: Question) => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const { email, id, status } = invitation;
  if (status === 'completed' || status === 'revoked') return null;
  return (
    <Group gap="xs" wrap="nowrap">
      <Button
        size="compact-sm"
        variant="default"
        onClick={() =>
          act(
            () => post(`/invitations/${id}/resend`),
            t('A new link is on its way to {{who}}', { who: email }),
          )
        }
      >
        {t('Resend')}
      </Button>
      {status === 'waiting' && (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() =>
            ask({
              title: t('Revoke the invitation of {{who}}?', { who: email }),
              text: t('The link in the mail stops working.'),
              button: t('Revoke'),
              isDangerous: true,
              act: () => {
                act(
                  () => post(`/invitations/${id}/revoke`),
                  t('The invitation of {{who}} is revoked', { who: email }),
                );
                return Promise.resolve();
              },
            })
          }
        >
          {t('Revoke')}
        </Button>
      )}
    </Group>
  );
}

export default function Invites() {
  const { t } = useTranslation();
  const { may } = useWho();
  const { nameOf } = useRoles(may('roles.read'));
  const [params] = useSearchParams();
  const [ask, dialog] = useAsk();
  const [opened, setOpened] = useState(false);
  const names = useStatusNames();
  const isWaiting = params.get('status') === 'waiting';
  const columns: Column<Invitation>[] = [
    { key: 'email', header: t('Email'), cell: ({ email }) => email },
    {
      key: 'status',
      header: t('Status'),
      cell: ({ status }) => <Word text={names[status]} color={colors[status]} />,
    },
    { key: 'roles', header: t('Roles'), cell: ({ roles }) => roles.map(nameOf).join(', ') || '–' },
    { key: 'sender', header: t('Sender'), cell: ({ sender }) => sender?.name ?? '–' },
    { key: 'created', header: t('Created'), sort: 'createdAt', cell: ({ createdAt }) => time(createdAt) },
    isWaiting
      ? {
          key: 'expires',
          header: t('Expires'),
          cell: ({ expiresAt }) => <span title={time(expiresAt)}>{ago(expiresAt)}</span>,
        }
      : { key: 'responded', header: t('Responded'), cell: ({ respondedAt }) => time(respondedAt) },
    ...(may('users.create')
      ? [
          {
            key: 'actions',
            header: t('Actions'),
            cell: (invitation: Invitation) => <RowButtons invitation={invitation} ask={ask} />,
          },
        ]
      : []),
  ];
  const invite = may('users.create') ? (
    <Button onClick={() => setOpened(true)}>{t('Invite Users')}</Button>
  ) : undefined;
  return (
    <Page
      title={t('Users')}
      actions={
        <>
          {may('users.export') && (
            <ExportButton
              path="/invitations/export.csv"
              query={{ q: params.get('q'), status: params.get('status') }}
              label={t('Export')}
            />
          )}
          {may('users.create') && (
            <Button component={Link} to="/users/invites/import" variant="default">
              {t('Import')}
            </Button>
          )}
          {invite}
        </>
      }
    >
      <UserTabs value="invites" />
      <DataTable<Invitation>
        key={String(isWaiting)}
        name={`invites.${isWaiting ? 'waiting' : 'all'}`}
        path="/invitations"
        views="invitations"
        caption={t('Invites')}
        columns={columns}
        filters={[
          {
            name: 'status',
            label: t('Status'),
            options: Object.entries(names).map(([value, label]) => ({ value, label })),
          },
        ]}
        searchLabel={t('Search by email or sender')}
        empty={
          <Empty
            text={t(
              'An invitation is a mail with a link. The person who follows it gets an account with the roles you chose.',
            )}
            action={invite}
          />
        }
      />
      {dialog}
      <InviteUsers opened={opened} onClose={() => setOpened(false)} />
    </Page>
  );
}
