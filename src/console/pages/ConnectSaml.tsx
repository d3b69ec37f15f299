import { Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface SamlFields {
  metadataUrl: string;
  metadata: string;
}

/** The step of the wizard that asks for a SAML provider. */
export function ConnectSaml({
  form,
  set,
  errors,
}: {
  form: SamlFields;
  set: (values: Partial<SamlFields>) => void;
  errors: Record<string, string>;
}) {
  const { t } = useTranslation();
  return (
    <Stack>
      <TextInput
        label={t('Address of the provider’s metadata')}
        description={t('Read at once and then each day.')}
        value={form.metadataUrl}
        error={errors.idpMetadataUrl}
        onChange={({ currentTarget }) => set({ metadataUrl: currentTarget.value })}
      />
      <Textarea
        label={t('Or the metadata itself (XML)')}
        autosize
        maxRows={8}
        value={form.metadata}
        error={errors.idpMetadata}
        onChange={({ currentTarget }) => set({ metadata: currentTarget.value })}
      />
      <Text size="sm" c="dimmed">
        {t('Both may come later; the connection stays off until then.')}
      </Text>
    </Stack>
  );
}

/** What the API is given of it. */
export const samlOf = ({ metadata, metadataUrl }: SamlFields) => ({
  protocol: 'saml',
  ...(metadata.trim() !== '' && { idpMetadata: metadata }),
  ...(metadataUrl.trim() !== '' && { idpMetadataUrl: metadataUrl.trim() }),
});
