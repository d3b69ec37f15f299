import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { remove } from '../api.js';
import { useAsk } from './Ask.js';

interface DeleteButtonProps {
  what: string;
  /** What the deletion takes along. */
  text: string;
  /** The list it is in, below `/api/v1` and on the console alike: `/groups`. */
  list: string;
  /** The console's page of the list, where it has another address than the API's. */
  to?: string;
  id: string;
}

/** Deletes what the page shows, after a question, and goes to its list. */
export function DeleteButton({ what, text, list, to = list, id }: DeleteButtonProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [ask, dialog] = useAsk();
  const act = async () => {
    await remove(`${list}/${id}`);
    await navigate(to);
  };
  return (
    <>
      <Button
        variant="default"
        c="var(--danger)"
        onClick={() =>
          ask({ title: t('Delete {{what}}?', { what }), text, button: t('Delete'), isDangerous: true, act })
        }
      >
        {t('Delete')}
      </Button>
      {dialog}
    </>
  );
}
