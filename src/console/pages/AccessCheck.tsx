import { Alert, Autocomplete, Button, List, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { read } from '../api.js';
import { useRoles, useWho } from '../session.js';
import type { AccessAnswer } from '../access-types.js';
import { asSentence, said } from '../text/server.js';
import type { Application, Permission, User } from '../types.js';
import { Page } from '../ui/Page.js';
import { FormProblem } from '../ui/Problems.js';
import { useChoices } from '../ui/use-choices.js';
import { AuditTabs } from './AuditTabs.js';
import { UserPicker } from './GroupPage.js';

interface Question {
  user: string;
  application: string;
  permission: string;
}

function Answer({ answer, question, who }: { answer: AccessAnswer; question: Question; who: string }) {
  const { t } = useTranslation();
  const { permission } = question;
  const { allowed, paths, refusals } = answer;
  return (
    <Alert
      role="status"
      color={allowed ? 'green' : 'red'}
      title={
        allowed
          ? t('Yes: {{who}} may {{permission}}', { who, permission })
          : t('No: {{who}} may not {{permission}}', { who, permission })
      }
    >
      <Stack gap="xs">
        {refusals.length > 0 && (
          <List size="sm">
            {refusals.map((refusal) => (
              <List.Item key={refusal}>{asSentence(refusal)}</List.Item>
            ))}
          </List>
        )}
        {paths.length === 0 && <Text size="sm">{t('No role of this person holds it.')}</Text>}
        <List size="sm">
          {paths.flatMap(({ role, name, inForce, sources }) =>
            sources.map(({ type, detail }, index) => (
              <List.Item key={`${role}${index}`}>
                {`${name} ← ${said(detail) || type}`}
                {!inForce && ` (${t('not in force')})`}
              </List.Item>
            )),
          )}
        </List>
      </Stack>
    </Alert>
  );
}

/** The permissions there are to ask about: of an application, or of Gatehouse itself. */
function usePermissions(application: string): string[] {
  const { may } = useWho();
  const { roles } = useRoles(may('roles.read'));
  const { data } = useQuery({
    queryKey: ['/permissions', 'names'],
    queryFn: () => read<{ items: Permission[] }>('/permissions', { limit: 1000 }),
    enabled: may('roles.read'),
    staleTime: Infinity,
  });
  if (application === '') return data?.items.map(({ key }) => key) ?? [];
  const own = roles.filter((role) => role.application === application);
  return [...new Set(own.flatMap(({ permissions }) => permissions))].sort();
}

export default function AccessCheck() {
  const { t } = useTranslation();
  const { may } = useWho();
  const applications = useChoices<Application>('/applications', may('applications.manage'));
  const [question, setQuestion] = useState<Question>({ user: '', application: '', permission: '' });
  const { data: person } = useQuery({
    queryKey: ['/users', question.user],
    queryFn: () => read<User>(`/users/${question.user}`),
    enabled: question.user !== '',
  });
  const { mutate, data, error, isPending, reset } = useMutation({
    mutationFn: ({ user, application, permission }: Question) =>
      read<AccessAnswer>(`/users/${user}/access-check`, { application, permission: permission.trim() }),
  });
  const set = (values: Partial<Question>) => {
    reset();
    setQuestion({ ...question, ...values });
  };
  const who = person?.displayName ?? '';
  return (
    <Page title={t('Check access')} lead={t('Whether a person may do something, and by which path.')}>
      <AuditTabs value="check" />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          mutate(question);
        }}
      >
        <Stack maw={560}>
          <UserPicker label={t('User')} onPick={(user) => set({ user })} />
          {person && <Text size="sm">{`${person.displayName} · ${person.email ?? person.userName}`}</Text>}
          <NativeSelect
            label={t('Application')}
            value={question.application}
            onChange={({ currentTarget }) => set({ application: currentTarget.value, permission: '' })}
            data={[
              { value: '', label: 'Gatehouse' },
              ...applications.map(({ key, name }) => ({ value: key, label: name })),
            ]}
          />
          <Autocomplete
            label={t('Permission')}
            data={usePermissions(question.application)}
            value={question.permission}
            onChange={(permission) => set({ permission })}
          />
          <Button
            type="submit"
            loading={isPending}
            disabled={question.user === '' || question.permission.trim() === ''}
            w="max-content"
          >
            {t('Check')}
          </Button>
          <FormProblem error={error} />
          {data && <Answer answer={data} question={question} who={who} />}
        </Stack>
      </form>
    </Page>
  );
}
