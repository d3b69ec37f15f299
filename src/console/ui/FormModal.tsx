import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode, SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { FormProblem, watchedErrors } from './Problems.js';

interface FormModalProps<T> {
  title: string;
  button: string;
  opened: boolean;
  onClose: () => void;
  /** Sends the form; its error is shown in the dialog. */
  send: () => Promise<T>;
  onDone?: (answer: T) => void;
  /** Stays open after an answer that has to be read; its buttons are the caller's. */
  staysOpen?: boolean;
  /** @param again - back to the form after an answer. */
  children: (errors: Record<string, string>, again: () => void) => ReactNode;
}

/** A form in a dialog. What it changed is asked for again everywhere. */
export function FormModal<T>({
  title,
  button,
  opened,
  onClose,
  send,
  onDone,
  staysOpen,
  children,
}: FormModalProps<T>) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { mutate, isPending, error, reset, isSuccess } = useMutation({ mutationFn: send });
  const close = () => {
    reset();
    onClose();
  };
  function submit(event: SubmitEvent) {
    event.preventDefault();
    mutate(undefined, {
      onSuccess: (answer) => {
        void client.invalidateQueries();
        onDone?.(answer);
        if (staysOpen !== true) close();
      },
    });
  }
  const { errors, shown } = watchedErrors(error);
  const isDone = isSuccess && staysOpen === true;
  return (
    <Modal opened={opened} onClose={close} title={title} size="lg">
      <form onSubmit={submit} noValidate>
        <Stack>
          {children(errors, reset)}
          <FormProblem error={error} shown={shown} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {isDone ? t('Close') : t('Cancel')}
            </Button>
            {!isDone && (
              <Button type="submit" loading={isPending}>
                {button}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
