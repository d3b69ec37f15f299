import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { patch } from '../api.js';
import { tell } from './Problems.js';

/**
 * Changes what is at a path, says that it is saved, and asks for what is shown again.
 *
 * @param etag - the version the change is meant for.
 */
export function useSave(path: string, etag: string | undefined) {
  const { t } = useTranslation();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: object) => patch(path, body, etag),
    onSuccess: () => {
      tell(t('Saved'));
      void client.invalidateQueries();
    },
  });
}
