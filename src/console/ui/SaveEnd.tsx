import { Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { FormProblem } from './Problems.js';

interface SaveEndProps {
  error: unknown;
  isPending: boolean;
}

/** The end of a form that stands on a page: why it was not saved, and the button that saves it. */
export function SaveEnd({ error, isPending }: SaveEndProps) {
  const { t } = useTranslation();
  return (
    <>
      <FormProblem error={error} />
      <Group>
        <Button type="submit" loading={isPending}>
          {t('Save')}
        </Button>
      </Group>
    </>
  );
}
