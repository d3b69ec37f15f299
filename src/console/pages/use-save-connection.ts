import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { patch } from '../api.js';
import type { SsoConnection } from '../types.js';
import { tell } from '../ui/Problems.js';

/** Changes a connection, and shows that it is saved. */
export function useSave(connection: SsoConnection, etag: string | undefined) {
  const { t } = useTranslation();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: object) => patch<SsoConnection>(`/sso-connections/${connection.id}`, body, etag),
    onSuccess: () => {
      tell(t('Saved'));
      void client.invalidateQueries();
    },
  });
}
