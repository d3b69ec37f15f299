import { Alert, Button, List, NativeSelect, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post, Problem } from '../api.js';
import { useSettings } from '../session.js';
import { time } from '../text/format.js';
import { said } from '../text/server.js';
import type { InviteResult } from '../types.js';
import { FormModal } from '../ui/FormModal.js';
import { RolePicker } from '../ui/RolePicker.js';

const blank = {
  emails: '',
  roles: [] as string[],
  loginType: 'local',
  isTemporary: false,
  until: '',
  message: '',
};
type Form = typeof blank;

/** Addresses as people paste them: `a@b, "Name" <c@d>; e@f`, also one a line. */
function addressesIn(text: string): string[] {
  const bare = text.replace(/"[^"]*"|[^\s<>,;]+(?=\s*<)/g, ' ').replace(/[<>]/g, ' ');
  return [...new Set(bare.split(/[\s,;]+/).filter((word) => word !== ''))];
}

function send(form: Form, emptyText: string): Promise<{ results: InviteResult[] }> {
  const emails = addressesIn(form.emails);
  if (emails.length === 0) {
    throw new Problem(400, {
      code: 'input.invalid',
      detail: emptyText,
      errors: [{ pointer: '/emails', detail: emptyText }],
    });
  }
  return post('/invitations', {
    emails,
    ...(form.roles.length > 0 && { roles: form.roles }),
    loginType: form.loginType,
    ...(form.isTemporary && form.until !== '' && { accessExpiresAt: new Date(form.until).toISOString() }),
    ...(form.message.trim() !== '' && { message: form.message.trim() }),
  });
}

function Temporary({
  form,
  set,
  error,
}: {
  form: Form;
  set: (values: Partial<Form>) => void;
  error: string | undefined;
}) {
  const { t } = useTranslation();
  return (
    <>
      <Switch
        label={t('Temporary Invitation')}
        description={t('For people who are needed only for a while: their access ends by itself.')}
        checked={form.isTemporary}
        onChange={({ currentTarget }) => set({ isTemporary: currentTarget.checked })}
      />
      {form.isTemporary && (
        <>
          <TextInput
            label={t('Your Current System Time')}
            value={`${time(new Date().toISOString())} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`}
            readOnly
          />
          <TextInput
            label={t('Maximum Selected Date and Time')}
            type="datetime-local"
            required
            error={error}
            value={form.until}
            onChange={({ currentTarget }) => set({ until: currentTarget.value })}
          />
        </>
      )}
    </>
  );
}

function Results({ results, onCorrect }: { results: readonly InviteResult[]; onCorrect: () => void }) {
  const { t } = useTranslation();
  const words = {
    invited: t('invited'),
    already_user: t('already a user'),
    pending: t('already invited: resend it on the tab Invites'),
    invalid: t('invalid'),
  };
  return (
    <Alert role="status" color="blue" title={t('Result')}>
      <List size="sm">
        {results.map(({ email, outcome, reason }) => (
          <List.Item key={email}>
            {email}: {words[outcome]}
            {reason !== null && outcome !== 'invited' && <Text span c="dimmed">{` (${said(reason)})`}</Text>}
          </List.Item>
        ))}
      </List>
      {results.some(({ outcome }) => outcome === 'invalid') && (
        <Button variant="default" size="compact-md" mt="sm" onClick={onCorrect}>
          {t('Correct the invalid ones')}
        </Button>
      )}
    </Alert>
  );
}

/** Invites one address or many with the same roles; says of each what came of it. */
export function InviteUsers({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState<Form>(blank);
  const [results, setResults] = useState<InviteResult[]>();
  const settings = useSettings();
  const set = (values: Partial<Form>) => setForm({ ...form, ...values });
  const close = () => {
    setForm(blank);
    setResults(undefined);
    onClose();
  };
  return (
    <FormModal
      title={t('Invite Users')}
      button={t('Invite')}
      opened={opened}
      onClose={close}
      send={async () => send(form, t('Enter a valid email'))}
      onDone={(answer) => setResults(answer.results)}
      staysOpen
    >
      {(errors, again) =>
        results ? (
          <Results
            results={results}
            onCorrect={() => {
              const invalid = results.filter(({ outcome }) => outcome === 'invalid');
              set({ emails: invalid.map(({ email }) => email).join('\n') });
              setResults(undefined);
              again();
            }}
          />
        ) : (
          <>
            <Textarea
              label={t('Email')}
              description={t('One or many: separate them by comma, semicolon, space or new line.')}
              required
              autosize
              minRows={2}
              error={errors.emails}
              value={form.emails}
              onChange={({ currentTarget }) => set({ emails: currentTarget.value })}
            />
            <RolePicker
              required={settings?.['invites.rolesRequired'] === true}
              value={form.roles}
              onChange={(roles) => set({ roles })}
              error={errors.roles}
            />
            <NativeSelect
              label={t('Login Type')}
              value={form.loginType}
              onChange={({ currentTarget }) => set({ loginType: currentTarget.value })}
              data={[
                { value: 'local', label: t('Local') },
                { value: 'sso', label: 'SSO' },
              ]}
            />
            <Temporary form={form} set={set} error={errors.accessExpiresAt} />
            <Textarea
              label={t('Message')}
              autosize
              value={form.message}
              error={errors.message}
              onChange={({ currentTarget }) => set({ message: currentTarget.value })}
            />
          </>
        )
      }
    </FormModal>
  );
}
