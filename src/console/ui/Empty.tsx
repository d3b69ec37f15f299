import { Center, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** What a list is for, and how to make its first entry. */
export function Empty({ text, action }: { text: string; action?: ReactNode }) {
  return (
    <Center py={64}>
      <Stack align="center" maw={480}>
        <Text ta="center" c="dimmed">
          {text}
        </Text>
        {action}
      </Stack>
    </Center>
  );
}
