import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useEffect, useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { askForProofWith, post } from '../api.js';
import { FormProblem } from './Problems.js';

type Answer = (isGiven: boolean) => void;

/** Asks for the password or a code before a dangerous act, when the sign-in was long ago; the act goes on by itself. */
export function Proof() {
  const { t } = useTranslation();
  const [answer, setAnswer] = useState<{ give: Answer }>();
  const [form, setForm] = useState({ password: '', code: '' });
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    askForProofWith(() => new Promise((resolve) => setAnswer({ give: resolve })));
  }, []);
  const close = (isGiven: boolean) => {
    answer?.give(isGiven);
    setAnswer(undefined);
    setForm({ password: '', code: '' });
    setError(null);
  };
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const given = Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ''));
    try {
      await post('/me/reauthenticate', given);
      close(true);
    } catch (problem) {
      setError(problem);
    }
  }
  return (
    <Modal
      opened={answer !== undefined}
      onClose={() => close(false)}
      title={t('Prove that it is you')}
      zIndex={400}
    >
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          <Text>
            {t('Your sign-in was some time ago. Type your password, or a code of your second factor.')}
          </Text>
          <PasswordInput
            label={t('Password')}
            autoComplete="current-password"
            data-autofocus
            value={form.password}
            onChange={({ currentTarget }) => setForm({ ...form, password: currentTarget.value })}
          />
          <TextInput
            label={t('Code')}
            inputMode="numeric"
            autoComplete="one-time-code"
            value={form.code}
            onChange={({ currentTarget }) => setForm({ ...form, code: currentTarget.value })}
          />
          <FormProblem error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => close(false)}>
              {t('Cancel')}
            </Button>
            <Button type="submit">{t('Continue')}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
