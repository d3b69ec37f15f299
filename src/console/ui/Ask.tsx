import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FormProblem } from './Problems.js';

export interface Question {
  title: string;
  text: ReactNode;
  /** The verb on the button that does it. */
  button: string;
  isDangerous?: boolean;
  act: () => Promise<unknown>;
}

/** A question before an act. Cancel has the focus, so that Enter changes nothing. */
function Ask({ question, onClose }: { question: Question | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const { mutate, isPending, error, reset } = useMutation({ mutationFn: (asked: Question) => asked.act() });
  const close = () => {
    reset();
    onClose();
  };
  return (
    <Modal opened={question !== undefined} onClose={close} title={question?.title} centered>
      {question && (
        <Stack>
          <div>{question.text}</div>
          <FormProblem error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              {t('Cancel')}
            </Button>
            <Button
              color={question.isDangerous === true ? 'red' : undefined}
              loading={isPending}
              onClick={() => mutate(question, { onSuccess: close })}
            >
              {question.button}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

/** `[ask, dialog]`: calling `ask` opens the question, `dialog` belongs anywhere in the page. */
export function useAsk(): [(question: Question) => void, ReactNode] {
  const [question, setQuestion] = useState<Question>();
  return [setQuestion, <Ask key="ask" question={question} onClose={() => setQuestion(undefined)} />];
}
