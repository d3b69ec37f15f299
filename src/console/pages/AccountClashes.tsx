import { Anchor, Button, FileButton, Group, List, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post, read } from '../api.js';
import { useWho } from '../session.js';
import type { AccountClash, ClashResult } from '../sso-types.js';
import { time } from '../text/format.js';
import type { User } from '../types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { ExportButton } from '../ui/ExportButton.js';
import { FormModal } from '../ui/FormModal.js';
import { Page } from '../ui/Page.js';
import { tellProblem } from '../ui/Problems.js';
import { Word } from '../ui/Status.js';
import { UserPicker } from './GroupPage.js';

const blank = { decision: 'link', into: '', userName: '', email: '' };

const said = (text: string) => (text.trim() === '' ? undefined : text.trim());

function useDecisions(): Record<string, string> {
  const { t } = useTranslation();
  return {
    link: t('Link: it is the same person'),
    apart: t('Keep apart: it is someone else, and stays out'),
    merge: t('Merge: this account becomes part of another one'),
    rename: t('Rename: this account gets another name'),
  };
}

/** The account into which another one goes, found by name. */
function Staying({
  id,
  error,
  onPick,
}: {
  id: string;
  error: string | undefined;
  onPick: (id: string) => void;
}) {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/users', id],
    queryFn: () => read<User>(`/users/${id}`),
    enabled: id !== '',
  });
  return (
    <>
      <UserPicker label={t('Account that stays')} error={error} onPick={onPick} />
      {data && (
        <Text size="sm" role="status">
          {`${data.displayName} · ${data.email ?? data.userName}`}
        </Text>
      )}
    </>
  );
}

/** What is decided on one clash. */
function Decide({ clash, onClose }: { clash: AccountClash; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState(blank);
  const decisions = useDecisions();
  const field = (name: 'userName' | 'email', label: string, error: string | undefined) => (
    <TextInput
      label={label}
      value={form[name]}
      error={error}
      onChange={({ currentTarget }) => setForm({ ...form, [name]: currentTarget.value })}
    />
  );
  return (
    <FormModal
      title={t('Decide about {{who}}', { who: clash.incoming })}
      button={t('Decide')}
      opened
      onClose={onClose}
      send={() =>
        post(`/account-clashes/${clash.id}/decide`, {
          decision: form.decision,
          ...(form.decision === 'merge' && { into: said(form.into) }),
          ...(form.decision === 'rename' && { userName: said(form.userName), email: said(form.email) }),
        })
      }
    >
      {(errors) => (
        <>
          <Text size="sm">
            {t('{{incoming}} from {{from}} met the account {{user}}.', {
              incoming: clash.incoming,
              from: clash.from.name,
              user: clash.user?.label ?? '–',
            })}
          </Text>
          <Radio.Group
            label={t('Decision')}
            value={form.decision}
            onChange={(decision) => setForm({ ...form, decision })}
          >
            <Stack gap="xs" mt="xs">
              {Object.entries(decisions).map(([value, label]) => (
                <Radio key={value} value={value} label={label} />
              ))}
            </Stack>
          </Radio.Group>
          {form.decision === 'merge' && (
            <Staying id={form.into} error={errors.into} onPick={(into) => setForm({ ...form, into })} />
          )}
          {form.decision === 'rename' && (
            <>
              {field('userName', t('New user name'), errors.userName)}
              {field('email', t('New email'), errors.email)}
            </>
          )}
        </>
      )}
    </FormModal>
  );
}

/** Decides by the file of the export, and says what failed. */
function DecideByFile() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { mutate, data, isPending } = useMutation({
    mutationFn: async (file: File) =>
      post<{ results: ClashResult[] }>('/account-clashes/decisions', { content: await file.text() }),
    onSuccess: () => void client.invalidateQueries(),
    onError: tellProblem,
  });
  const failed = data?.results.filter(({ outcome }) => outcome === 'failed') ?? [];
  return (
    <>
      <FileButton accept=".csv,text/csv" onChange={(file) => file && mutate(file)}>
        {(props) => (
          <Button variant="default" loading={isPending} {...props}>
            {t('Decide by CSV')}
          </Button>
        )}
      </FileButton>
      {data && (
        <div role="status">
          <Text size="sm">
            {t('{{done}} of {{all}} decided', {
              done: data.results.length - failed.length,
              all: data.results.length,
            })}
          </Text>
          <List size="sm">
            {failed.map(({ line, reason }) => (
              <List.Item key={line}>{t('Line {{line}}: {{reason}}', { line, reason })}</List.Item>
            ))}
          </List>
        </div>
      )}
    </>
  );
}

function useColumns(onDecide: (clash: AccountClash) => void): Column<AccountClash>[] {
  const { t } = useTranslation();
  const { may } = useWho();
  const decisions = useDecisions();
  const reasons: Record<string, string> = {
    identity_taken: t('The account is connected to another identity'),
    proof_needed: t('The account’s own password was not given first'),
    relink_needed: t('The provider was changed'),
    'user.name_taken': t('The name is taken'),
  };
  return [
    { key: 'incoming', header: t('What came'), cell: ({ incoming }) => incoming },
    { key: 'from', header: t('From'), cell: ({ from }) => from.name },
    {
      key: 'user',
      header: t('Account here'),
      cell: ({ user }) =>
        user ? (
          <Anchor component={Link} to={`/users/${user.id}`}>
            {user.label}
          </Anchor>
        ) : (
          '–'
        ),
    },
    { key: 'reason', header: t('Why'), cell: ({ reason }) => reasons[reason] ?? reason },
    { key: 'times', header: t('Times'), cell: ({ times }) => times },
    { key: 'seen', header: t('Last seen'), cell: ({ lastSeenAt }) => time(lastSeenAt) },
    {
      key: 'decision',
      header: t('Decision'),
      cell: (clash) =>
        clash.state === 'open' && may('users.update') ? (
          <Button size="compact-sm" variant="default" onClick={() => onDecide(clash)}>
            {t('Decide')}
          </Button>
        ) : (
          <Word
            text={clash.decision ? (decisions[clash.decision]?.split(':')[0] ?? '') : t('Open')}
            color={clash.decision ? 'gray' : 'yellow'}
          />
        ),
    },
  ];
}

export default function AccountClashes() {
  const { t } = useTranslation();
  const { may } = useWho();
  const [chosen, choose] = useState<AccountClash>();
  const columns = useColumns(choose);
  return (
    <Page
      title={t('Account clashes')}
      lead={t('Sign-ins of companies and requests of directories that met an account which is not theirs.')}
    >
      <Group mb="md">
        {may('users.export') && (
          <ExportButton path="/account-clashes/export.csv" label={t('Export open ones')} />
        )}
        {may('users.update') && <DecideByFile />}
      </Group>
      <DataTable<AccountClash>
        name="account-clashes"
        path="/account-clashes"
        caption={t('Account clashes')}
        columns={columns}
        filters={[
          {
            name: 'state',
            label: t('State'),
            options: [
              { value: 'open', label: t('Open') },
              { value: 'decided', label: t('Decided') },
            ],
          },
          {
            name: 'source',
            label: t('Source'),
            options: [
              { value: 'sso', label: t('Sign-in') },
              { value: 'scim', label: t('Directory') },
            ],
          },
        ]}
        empty={<Empty text={t('No accounts have met.')} />}
      />
      {chosen && <Decide clash={chosen} onClose={() => choose(undefined)} />}
    </Page>
  );
}
