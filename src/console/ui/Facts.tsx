import { Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** What is known of one thing: name and value, line by line. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <Stack gap={6} component="dl" m={0}>
      {facts.map(([name, value]) => (
        <Group key={name} justify="space-between" gap="sm" align="baseline">
          <Text size="sm" c="dimmed" component="dt">
            {name}
          </Text>
          <Text size="sm" component="dd" m={0} ta="end" className="fact">
            {value}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
