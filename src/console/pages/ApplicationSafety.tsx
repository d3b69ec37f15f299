import { Stack, Switch } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Application } from '../types.js';

type Safety = Pick<Application, 'requireDpop' | 'requirePar' | 'isThirdParty' | 'refreshOverlapSeconds'>;

/** What an application has to do, or may. Those of people alone are left out for a machine. */
export function SafetySwitches({
  application: { kind, isPublic },
  value,
  onChange,
}: {
  application: Pick<Application, 'kind' | 'isPublic'>;
  value: Safety;
  onChange: (change: Partial<Safety>) => void;
}) {
  const { t } = useTranslation();
  const forPeople = kind !== 'machine';
  return (
    <Stack gap="xs">
      {forPeople && (
        <Switch
          label={t('Ask each person before it gets anything')}
          description={t('For applications that are not your own')}
          checked={value.isThirdParty}
          onChange={({ currentTarget }) => onChange({ isThirdParty: currentTarget.checked })}
        />
      )}
      {forPeople && !isPublic && (
        <Switch
          label={t('Take a replaced refresh token for 10 more seconds')}
          description={t('For applications with parts that refresh at the same moment')}
          checked={value.refreshOverlapSeconds > 0}
          onChange={({ currentTarget }) =>
            onChange({ refreshOverlapSeconds: currentTarget.checked ? 10 : 0 })
          }
        />
      )}
      {forPeople && (
        <Switch
          label={t('Sign-in requests only pushed beforehand (PAR)')}
          checked={value.requirePar}
          onChange={({ currentTarget }) => onChange({ requirePar: currentTarget.checked })}
        />
      )}
      <Switch
        label={t('Tokens only for a key of its own (DPoP)')}
        checked={value.requireDpop}
        onChange={({ currentTarget }) => onChange({ requireDpop: currentTarget.checked })}
      />
    </Stack>
  );
}
