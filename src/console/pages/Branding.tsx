import {
  Alert,
  Button,
  ColorInput,
  FileButton,
  Group,
  Paper,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api.js';
import { useWho } from '../session.js';
import { contrastWithWhite, readable } from '../text/contrast.js';
import { Page } from '../ui/Page.js';
import { fieldErrors, FormProblem, ProblemView } from '../ui/Problems.js';
import { useSave } from '../ui/use-save.js';

const names = [
  'branding.name',
  'branding.color',
  'branding.logoUrl',
  'branding.supportEmail',
  'branding.supportUrl',
] as const;
type Look = Record<(typeof names)[number], string>;

/** Larger images do not fit into the setting. */
const maxLogoBytes = 44_000;
const ownColor = '#3b5bdb';

const dataOf = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(typeof reader.result === 'string' ? reader.result : '');
    reader.onerror = () => reject(reader.error ?? new Error('not read'));
    reader.readAsDataURL(file);
  });

/** What people see when they sign in: a picture of it, made of what is typed. */
function SignInPreview({ look, tenant }: { look: Look; tenant: string }) {
  const { t } = useTranslation();
  const color = /^#[0-9a-f]{6}$/i.test(look['branding.color']) ? look['branding.color'] : ownColor;
  const logo = look['branding.logoUrl'];
  const name = look['branding.name'] || tenant;
  return (
    <Paper withBorder p="xl" role="img" aria-label={t('The sign-in page as people will see it')}>
      <Stack align="center" gap="sm" aria-hidden="true">
        {logo.startsWith('data:') && <img src={logo} alt="" style={{ maxHeight: 48, maxWidth: 200 }} />}
        <Text fw={600}>{t('Sign in to {{name}}', { name })}</Text>
        <Paper withBorder h={36} w="100%" maw={280} />
        <Text
          ta="center"
          w="100%"
          maw={280}
          py={8}
          fw={600}
          c="#ffffff"
          style={{ background: color, borderRadius: 6 }}
        >
          {t('Continue')}
        </Text>
        <Text size="xs" c="dimmed">
          {[look['branding.supportEmail'], look['branding.supportUrl']].filter(Boolean).join(' · ')}
        </Text>
      </Stack>
    </Paper>
  );
}

function Contrast({ color }: { color: string }) {
  const { t } = useTranslation();
  if (!/^#[0-9a-f]{6}$/i.test(color)) return null;
  const ratio = contrastWithWhite(color);
  const isGood = ratio >= readable;
  return (
    <Alert color={isGood ? 'green' : 'red'} role="status">
      {isGood
        ? t('White letters on it can be read: {{ratio}} to 1.', { ratio: ratio.toFixed(1) })
        : t('Too light for white letters: {{ratio}} to 1, and {{least}} to 1 is needed.', {
            ratio: ratio.toFixed(1),
            least: readable,
          })}
    </Alert>
  );
}

function Form({ first, etag, tenant }: { first: Look; etag: string | undefined; tenant: string }) {
  const { t } = useTranslation();
  const [look, setLook] = useState(first);
  const [tooLarge, setTooLarge] = useState(false);
  const { mutate, isPending, error } = useSave('/settings', etag);
  const errors = fieldErrors(error);
  const set = (name: keyof Look, value: string) => setLook({ ...look, [name]: value });
  const text = (name: keyof Look, label: string, description?: string) => (
    <TextInput
      label={label}
      description={description}
      value={look[name]}
      error={errors[name]}
      onChange={({ currentTarget }) => set(name, currentTarget.value)}
    />
  );
  async function takeLogo(file: File | null) {
    if (file === null) return;
    setTooLarge(file.size > maxLogoBytes);
    if (file.size <= maxLogoBytes) set('branding.logoUrl', await dataOf(file));
  }
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          mutate(
            Object.fromEntries(
              names.filter((name) => look[name] !== first[name]).map((name) => [name, look[name]]),
            ),
          );
        }}
      >
        <Stack>
          {text('branding.name', t('Name on pages and in mails'), t('Empty: the tenant’s name'))}
          <ColorInput
            label={t('Colour of buttons and links')}
            format="hex"
            value={look['branding.color']}
            error={errors['branding.color']}
            onChange={(color) => set('branding.color', color)}
            eyeDropperButtonProps={{ 'aria-label': t('Take a colour of the screen') }}
            popoverProps={{ withinPortal: true }}
            withPicker={false}
            swatches={['#1d4ed8', '#0f766e', '#15803d', '#7e22ce', '#b91c1c', '#9a3412', '#334155']}
          />
          <Contrast color={look['branding.color']} />
          {text(
            'branding.logoUrl',
            t('Logo'),
            t('An https:// address, or an image chosen here (shown on pages alone)'),
          )}
          <Group>
            <FileButton
              accept="image/png,image/jpeg,image/svg+xml,image/webp"
              onChange={(file) => void takeLogo(file)}
            >
              {(props) => (
                <Button {...props} variant="default">
                  {t('Choose an image')}
                </Button>
              )}
            </FileButton>
            {look['branding.logoUrl'] !== '' && (
              <Button variant="subtle" onClick={() => set('branding.logoUrl', '')}>
                {t('No logo')}
              </Button>
            )}
          </Group>
          {tooLarge && <Alert color="red">{t('The image is too large: at most 44 kB.')}</Alert>}
          {text('branding.supportEmail', t('Support email'))}
          {text('branding.supportUrl', t('Support page'))}
          <FormProblem error={error} />
          <Group>
            <Button
              type="submit"
              loading={isPending}
              disabled={names.every((name) => look[name] === first[name])}
            >
              {t('Save')}
            </Button>
          </Group>
        </Stack>
      </form>
      <Stack>
        <Title order={2} size="h4">
          {t('Preview')}
        </Title>
        <SignInPreview look={look} tenant={tenant} />
      </Stack>
    </SimpleGrid>
  );
}

export default function Branding() {
  const { t } = useTranslation();
  const { me } = useWho();
  const { data, error } = useQuery({
    queryKey: ['settings', 'branding'],
    queryFn: () => call<Partial<Look>>('GET', '/settings'),
  });
  if (error) return <ProblemView error={error} />;
  if (!data) return null;
  const first = Object.fromEntries(names.map((name) => [name, data.data[name] ?? ''])) as Look;
  return (
    <Page title={t('Branding')} lead={t('What people see of you when they sign in, and in mails.')}>
      <Form key={data.etag} first={first} etag={data.etag} tenant={me.tenant.name} />
    </Page>
  );
}
