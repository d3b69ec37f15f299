import { ActionIcon, Alert, Code, CopyButton, Group, Stack, Text, Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { CopyIcon } from './icons.js';

/** A button that copies a value. */
function CopyIt({ label, value }: { label: string; value: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t('Copied') : t('Copy')}>
          <ActionIcon variant="default" onClick={copy} aria-label={t('Copy {{what}}', { what: label })}>
            <CopyIcon />
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** A value with a button that copies it. */
export function Copyable({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {label}
      </Text>
      <Group gap="xs" wrap="nowrap">
        <Code className="code">{value}</Code>
        <CopyIt label={label} value={value} />
      </Group>
    </div>
  );
}

/** The heading of a longer text, with a button that copies it. */
export function CopyText({ label, value }: { label: string; value: string }) {
  return (
    <Group justify="space-between" mb={4}>
      <Text size="sm" fw={600}>
        {label}
      </Text>
      <CopyIt label={label} value={value} />
    </Group>
  );
}

/** A secret, shown this once. */
export function ShownOnce({ label, value }: { label: string; value: string }) {
  const { t } = useTranslation();
  return (
    <Alert color="yellow" title={t('Copy it now')} role="status">
      <Stack gap="xs">
        <Text size="sm">{t('This is shown once. Gatehouse keeps only a hash of it.')}</Text>
        <Copyable label={label} value={value} />
      </Stack>
    </Alert>
  );
}
