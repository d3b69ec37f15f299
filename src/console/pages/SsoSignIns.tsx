import { useTranslation } from 'react-i18next';
import { time } from '../text/format.js';
import { failureInWords } from '../text/sign-in-words.js';
import type { SsoSignIn } from '../sso-types.js';
import type { SsoConnection } from '../types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { Word } from '../ui/Status.js';

const colors: Readonly<Record<SsoSignIn['state'], string>> = {
  new: 'gray',
  waiting: 'blue',
  admitted: 'green',
  passed: 'green',
  refused: 'orange',
  failed: 'red',
};

/** Each sign-in that was sent to the provider lately, and what became of it. */
export function SsoSignIns({ connection }: { connection: SsoConnection }) {
  const { t } = useTranslation();
  const states: Readonly<Record<SsoSignIn['state'], string>> = {
    new: t('Not begun'),
    waiting: t('At the provider'),
    admitted: t('Signed in'),
    passed: t('Test passed'),
    refused: t('Refused'),
    failed: t('Failed'),
  };
  const columns: Column<SsoSignIn>[] = [
    { key: 'at', header: t('Time'), cell: ({ startedAt }) => time(startedAt) },
    { key: 'person', header: t('Person'), cell: ({ person }) => person ?? '' },
    {
      key: 'state',
      header: t('Result'),
      cell: ({ state }) => <Word text={states[state]} color={colors[state]} />,
    },
    {
      key: 'why',
      header: t('Why'),
      cell: (signIn) => failureInWords(t, signIn),
    },
    {
      key: 'reference',
      header: t('Reference'),
      cell: ({ reference }) => reference ?? '',
      isHidden: true,
    },
  ];
  return (
    <DataTable<SsoSignIn>
      name="sso-sign-ins"
      path={`/sso-connections/${connection.id}/sign-ins`}
      caption={t('Sign-ins at this connection')}
      searchLabel={t('Search the list')}
      columns={columns}
      empty={<Empty text={t('No sign-ins in the last 30 days.')} />}
    />
  );
}
