import {
  Alert,
  Button,
  Group,
  List,
  Modal,
  NativeSelect,
  PasswordInput,
  Radio,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { post } from '../api.js';
import type { Jit } from '../sso-types.js';
import type { SsoConnection } from '../types.js';
import { FormProblem, fieldErrors } from '../ui/Problems.js';
import { Copyable } from '../ui/Secret.js';
import { ConnectSaml, samlOf } from './ConnectSaml.js';
import { JitChoice } from './JitChoice.js';
import { ProviderPreview } from './ProviderPreview.js';
import { providers } from './sso-providers.js';

const blank = {
  provider: 'okta',
  key: '',
  name: '',
  issuer: '',
  clientId: '',
  clientSecret: '',
  metadataUrl: '',
  metadata: '',
  domains: [] as string[],
  mode: 'off',
  jit: 'off' as Jit,
};
type Form = typeof blank;

interface StepProps {
  form: Form;
  set: (values: Partial<Form>) => void;
  errors: Record<string, string>;
}

function ChooseProvider({ form, set }: StepProps) {
  const { t } = useTranslation();
  return (
    <Radio.Group
      label={t('Identity provider')}
      value={form.provider}
      onChange={(provider) => set({ provider })}
    >
      <Stack gap="xs" mt="xs">
        {providers.map(({ key, name }) => (
          <Radio key={key} value={key} label={t(name)} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

const providerOf = ({ provider }: Form) => providers.find(({ key }) => key === provider) ?? providers[0];

const presetOf = ({ provider }: Form): string | undefined => (provider === 'other' ? undefined : provider);

const keyForm = /^[a-z0-9-]{3,64}$/;

/** What a name gives as a key. */
const keyOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replace(/^-|-$/g, '');

const isSaml = (form: Form): boolean => providerOf(form)?.isSaml === true;

function CreateThere({ form, set, errors }: StepProps) {
  const { t } = useTranslation();
  const base = `${location.origin}/sso/${form.key || 'KEY'}`;
  return (
    <Stack>
      <TextInput
        label={t('Name')}
        required
        value={form.name}
        error={errors.name}
        onChange={({ currentTarget: { value: name } }) =>
          set({ name, ...(form.key === keyOf(form.name) && { key: keyOf(name) }) })
        }
      />
      <TextInput
        label={t('Key')}
        description={t('Part of the redirect address; small letters, digits, hyphens')}
        required
        value={form.key}
        error={
          errors.key ??
          (form.key !== '' && !keyForm.test(form.key) && t('3 to 64 small letters, digits and hyphens'))
        }
        onChange={({ currentTarget }) => set({ key: currentTarget.value })}
      />
      <List type="ordered">
        {providerOf(form)?.steps.map((step) => (
          <List.Item key={step}>{t(step)}</List.Item>
        ))}
      </List>
      {isSaml(form) ? (
        <>
          <Copyable label={t('ACS URL (reply URL)')} value={`${base}/acs`} />
          <Copyable label={t('Entity ID, and address of our metadata')} value={`${base}/metadata`} />
        </>
      ) : (
        <Copyable label={t('Redirect address')} value={`${base}/callback`} />
      )}
    </Stack>
  );
}

function Connect(props: StepProps) {
  const { t } = useTranslation();
  const { form, set, errors } = props;
  if (isSaml(form)) return <ConnectSaml {...props} />;
  return (
    <Stack>
      <TextInput
        label={t('Issuer')}
        required
        placeholder={providerOf(form)?.issuer ?? ''}
        value={form.issuer}
        error={errors.issuer}
        onChange={({ currentTarget }) => set({ issuer: currentTarget.value })}
      />
      <ProviderPreview issuer={form.issuer} provider={presetOf(form)} />
      <TextInput
        label={t('Client ID')}
        required
        value={form.clientId}
        error={errors.clientId}
        onChange={({ currentTarget }) => set({ clientId: currentTarget.value })}
      />
      <PasswordInput
        label={t('Client secret')}
        autoComplete="off"
        value={form.clientSecret}
        error={errors.clientSecret}
        onChange={({ currentTarget }) => set({ clientSecret: currentTarget.value })}
      />
    </Stack>
  );
}

function Domains({ form, set, errors }: StepProps) {
  const { t } = useTranslation();
  return (
    <Stack>
      <TagsInput
        label={t('Domains')}
        description={t('Of the addresses that sign in there. Each is proved by a DNS record.')}
        value={form.domains}
        error={errors.domains}
        onChange={(domains) => set({ domains })}
      />
      <Text size="sm" c="dimmed">
        {t('The next page shows the record to publish for each domain.')}
      </Text>
    </Stack>
  );
}

function TurnOn({ form, set }: StepProps) {
  const { t } = useTranslation();
  return (
    <Stack>
      <NativeSelect
        label={t('Mode')}
        value={form.mode}
        onChange={({ currentTarget }) => set({ mode: currentTarget.value })}
        data={[
          { value: 'off', label: t('Off: test it first') },
          { value: 'optional', label: t('Optional: people may choose') },
          { value: 'required', label: t('Required: everybody of the domains is forwarded') },
        ]}
      />
      <JitChoice value={form.jit} onChange={(jit) => set({ jit })} />
      <Alert color="blue">{t('A domain that is not verified forwards no one, in every mode.')}</Alert>
    </Stack>
  );
}

const steps: readonly {
  title: string;
  Part: (props: StepProps) => ReactNode;
  isReady: (form: Form) => boolean;
}[] = [
  { title: 'Identity provider', Part: ChooseProvider, isReady: () => true },
  {
    title: 'Create the app there',
    Part: CreateThere,
    isReady: ({ name, key }) => name.trim() !== '' && keyForm.test(key),
  },
  {
    title: 'Connect',
    Part: Connect,
    isReady: (form) => isSaml(form) || (form.issuer !== '' && form.clientId !== ''),
  },
  { title: 'Domains', Part: Domains, isReady: () => true },
  { title: 'Turn on', Part: TurnOn, isReady: () => true },
];

function Progress({ at }: { at: number }) {
  const { t } = useTranslation();
  return (
    <Group component="ol" gap="md" p={0} m={0} aria-label={t('Steps')} style={{ listStyle: 'none' }}>
      {steps.map(({ title }, index) => (
        <Text
          key={title}
          component="li"
          size="sm"
          fw={index === at ? 700 : 400}
          c={index === at ? undefined : 'dimmed'}
          aria-current={index === at ? 'step' : undefined}
        >
          {`${index + 1}. ${t(title)}`}
        </Text>
      ))}
    </Group>
  );
}

const openIdOf = ({ issuer, clientId, clientSecret }: Form) => ({
  issuer: issuer.trim(),
  clientId: clientId.trim(),
  ...(clientSecret !== '' && { clientSecret }),
});

/** From the choice of a provider to a connection that can be tested, one small step at a time. */
export function NewConnection({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [form, setForm] = useState<Form>(blank);
  const [at, setAt] = useState(0);
  const step = steps[at];
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: () =>
      post<SsoConnection>('/sso-connections', {
        name: form.name.trim(),
        key: form.key,
        ...(isSaml(form) ? samlOf(form) : openIdOf(form)),
        domains: form.domains.map((domain) => ({ domain })),
        mode: form.mode,
        jit: form.jit,
      }),
    onSuccess: async (connection) => {
      await client.invalidateQueries();
      await navigate(`/sso-connections/${connection.id}`);
    },
  });
  const close = () => {
    setForm(blank);
    setAt(0);
    reset();
    onClose();
  };
  if (!step) return null;
  const isLast = at === steps.length - 1;
  return (
    <Modal opened={opened} onClose={close} title={t('New connection')} size="xl">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isLast) mutate();
          else if (step.isReady(form)) setAt(at + 1);
        }}
      >
        <Stack>
          <Progress at={at} />
          <step.Part
            form={form}
            set={(values) => setForm({ ...form, ...values })}
            errors={fieldErrors(error)}
          />
          <FormProblem error={error} />
          <Group justify="flex-end">
            {at > 0 && (
              <Button variant="default" onClick={() => setAt(at - 1)}>
                {t('Back')}
              </Button>
            )}
            <Button type="submit" loading={isPending} disabled={!step.isReady(form)}>
              {isLast ? t('Create') : t('Next')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
