import { Alert, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { read, type Listed } from '../api.js';
import { said } from '../text/server.js';

interface Advice {
  code: string;
  message: string;
  hint: string;
}

/** What has not come by a directory, or will not work, with what to do about it. */
export function DirectoryAdvice({ directory }: { directory: { id: string } }) {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/directories', directory.id, 'advice'],
    queryFn: () => read<Listed<Advice>>(`/directories/${directory.id}/advice`, {}, true),
    refetchInterval: 15_000,
  });
  if (!data || data.items.length === 0) return null;
  return (
    <Alert color="yellow" title={t('What is still missing')}>
      <Stack gap="xs">
        {data.items.map(({ code, hint, message }) => (
          <Text key={code} size="sm">
            <strong>{said(message)}</strong> {said(hint)}
          </Text>
        ))}
      </Stack>
    </Alert>
  );
}
