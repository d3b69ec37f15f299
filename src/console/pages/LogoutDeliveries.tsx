import { Anchor, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { time } from '../text/format.js';
import { asSentence } from '../text/server.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { Word } from '../ui/Status.js';

export type DeliveryStatus = 'waiting' | 'failed' | 'confirmed' | 'given_up';

interface LogoutDelivery {
  id: string;
  userId: string;
  user: string | null;
  status: DeliveryStatus;
  attempts: number;
  answer: string | null;
  createdAt: string;
  settledAt: string | null;
}

/** What became of a logout token, in words. */
function useDeliveryWords(): Record<DeliveryStatus, string> {
  const { t } = useTranslation();
  return {
    waiting: t('Waiting'),
    failed: t('Did not answer, is tried again'),
    confirmed: t('Confirmed'),
    given_up: t('Given up'),
  };
}

const colors = { waiting: 'blue', failed: 'red', confirmed: 'green', given_up: 'red' } as const;

/** What became of a logout token, and what the application answered where it did not confirm. */
export function DeliveryAnswer({ status, answer }: Pick<LogoutDelivery, 'status' | 'answer'>) {
  const words = useDeliveryWords();
  return (
    <>
      <Word text={words[status]} color={colors[status]} />
      {status !== 'confirmed' && answer !== null && <Text size="sm">{asSentence(answer)}</Text>}
    </>
  );
}

/** The logout tokens an application was sent, with its answers. */
export function LogoutDeliveries({ applicationId }: { applicationId: string }) {
  const { t } = useTranslation();
  const words = useDeliveryWords();
  const columns: Column<LogoutDelivery>[] = [
    { key: 'created', header: t('When'), cell: ({ createdAt }) => time(createdAt) },
    {
      key: 'user',
      header: t('Person'),
      cell: ({ user, userId }) =>
        user === null ? (
          t('A user who is gone')
        ) : (
          <Anchor component={Link} to={`/users/${userId}`}>
            {user}
          </Anchor>
        ),
    },
    { key: 'answer', header: t('Answer'), cell: (delivery) => <DeliveryAnswer {...delivery} /> },
    { key: 'tries', header: t('Attempts'), cell: ({ attempts }) => attempts },
    { key: 'settled', header: t('Settled'), cell: ({ settledAt }) => time(settledAt) },
  ];
  return (
    <DataTable<LogoutDelivery>
      name="logout-deliveries"
      path={`/applications/${applicationId}/logout-deliveries`}
      caption={t('Logout tokens')}
      columns={columns}
      filters={[
        {
          name: 'status',
          label: t('Status'),
          options: Object.entries(words).map(([value, label]) => ({ value, label })),
        },
      ]}
      empty={<Empty text={t('No logout token was sent yet. One is sent when a session here ends.')} />}
    />
  );
}
