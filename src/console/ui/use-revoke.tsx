import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { remove } from '../api.js';
import { useAct } from './act.js';
import { useAsk } from './Ask.js';

interface Revocation {
  /** What follows, in the question. */
  text?: string;
  /** Absent: the key is deleted. */
  send?: (path: string) => Promise<unknown>;
}

/**
 * The button that revokes a key or link of a list, after a question, and the dialog of the question.
 *
 * @param list - where they are, below `/api/v1`.
 */
export function useRevoke(
  list: string,
  { text, send = remove }: Revocation = {},
): [(key: { id: string; name: string }) => ReactNode, ReactNode] {
  const { t } = useTranslation();
  const act = useAct();
  const [ask, dialog] = useAsk();
  const button = ({ id, name }: { id: string; name: string }) => (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={t('Revoke {{what}}', { what: name })}
      onClick={() =>
        ask({
          title: t('Revoke {{what}}?', { what: name }),
          text: text ?? t('What uses it is refused at once.'),
          button: t('Revoke'),
          isDangerous: true,
          act: () => {
            act(() => send(`${list}/${id}`), t('{{what}} is revoked', { what: name }));
            return Promise.resolve();
          },
        })
      }
    >
      {t('Revoke')}
    </Button>
  );
  return [button, dialog];
}
