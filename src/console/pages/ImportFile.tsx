import {
  Alert,
  Button,
  FileInput,
  Group,
  NativeSelect,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  Textarea,
  Title,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post, Problem, read, type Listed } from '../api.js';
import { useWho } from '../session.js';
import type { BulkJob } from '../types.js';
import { Page } from '../ui/Page.js';
import { FormProblem } from '../ui/Problems.js';
import { RolePicker } from '../ui/RolePicker.js';
import { isOver, useJob } from '../ui/use-job.js';
import { guessColumns, headingsOf, templateOf, type ImportKind } from './import-columns.js';
import { ImportResult } from './ImportResult.js';

interface ImportFileProps {
  kind: ImportKind;
  /** Where the file is posted to, below `/api/v1`. */
  path: string;
  title: string;
  lead: string;
  /** The page it was opened from. */
  back: string;
}

interface File {
  name: string;
  content: string;
  headings: string[];
}

const blankOptions = { roles: [] as string[], sendActivation: false, message: '' };

function Options(props: {
  kind: ImportKind;
  options: typeof blankOptions;
  onChange: (options: typeof blankOptions) => void;
}) {
  const { t } = useTranslation();
  const { may } = useWho();
  const { kind, options, onChange } = props;
  if (kind === 'members') return null;
  return (
    <>
      {may('roles.assign') && (
        <RolePicker
          label={kind === 'people' ? t('Roles for everybody') : t('Roles for lines that name none')}
          value={options.roles}
          onChange={(roles) => onChange({ ...options, roles })}
        />
      )}
      {kind === 'people' ? (
        <Switch
          label={t('Mail a way in to those who come without a password')}
          checked={options.sendActivation}
          onChange={({ currentTarget }) => onChange({ ...options, sendActivation: currentTarget.checked })}
        />
      ) : (
        <Textarea
          label={t('Message for lines that have none')}
          autosize
          value={options.message}
          onChange={({ currentTarget }) => onChange({ ...options, message: currentTarget.value })}
        />
      )}
    </>
  );
}

function bodyOf(kind: ImportKind, file: File, columns: Record<string, string>, options: typeof blankOptions) {
  const taken = Object.fromEntries(Object.entries(columns).filter(([, heading]) => heading !== ''));
  const roles = options.roles.length > 0 && { roles: options.roles };
  return {
    content: file.content,
    columns: taken,
    ...(kind === 'people' && { format: 'csv', sendActivation: options.sendActivation }),
    ...(kind === 'invitations' && options.message.trim() !== '' && { message: options.message.trim() }),
    ...(kind !== 'members' && roles),
  };
}

function Columns(props: {
  file: File;
  columns: Record<string, string>;
  onChange: (columns: Record<string, string>) => void;
}) {
  const { t } = useTranslation();
  const { file, columns, onChange } = props;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
      {Object.entries(columns).map(([field, heading]) => (
        <NativeSelect
          key={field}
          label={field}
          value={heading}
          data={[{ value: '', label: t('not taken') }, ...file.headings]}
          onChange={({ currentTarget }) => onChange({ ...columns, [field]: currentTarget.value })}
        />
      ))}
    </SimpleGrid>
  );
}

function Chooser({ kind, onChoose }: { kind: ImportKind; onChoose: (file: globalThis.File | null) => void }) {
  const { t } = useTranslation();
  return (
    <Group align="flex-end">
      <FileInput
        label={t('CSV file')}
        accept=".csv,text/csv,text/plain"
        placeholder={t('Choose a file')}
        miw="min(100%, 20rem)"
        onChange={onChoose}
      />
      <Button
        component="a"
        variant="subtle"
        href={`data:text/csv;charset=utf-8,${encodeURIComponent(templateOf(kind))}`}
        download={`${kind}.csv`}
      >
        {t('Download a template')}
      </Button>
    </Group>
  );
}

function WayBack({ to }: { to: string }) {
  const { t } = useTranslation();
  return (
    <Group>
      <Button component={Link} to="/users/bulk" variant="subtle">
        {t('Earlier ones')}
      </Button>
      <Button component={Link} to={to} variant="default">
        {t('Back')}
      </Button>
    </Group>
  );
}

/** A CSV file is chosen, its columns are matched, every line is tried, and then it is taken. */
export function ImportFile({ kind, path, title, lead, back }: ImportFileProps) {
  const { t } = useTranslation();
  const [file, setFile] = useState<File>();
  const [columns, setColumns] = useState<Record<string, string>>({});
  const [options, setOptions] = useState(blankOptions);
  const { data: attributes } = useQuery({
    queryKey: ['/attributes', 'names'],
    queryFn: () => read<Listed<{ name: string }>>('/attributes', { limit: 200 }),
    enabled: kind === 'people',
  });
  const send = (dryRun: boolean) =>
    post<BulkJob>(path, {
      ...bodyOf(kind, file ?? { name: '', content: '', headings: [] }, columns, options),
      dryRun,
    });
  const trial = useMutation({ mutationFn: () => send(true) });
  const real = useMutation({ mutationFn: () => send(false) });
  const tried = useJob(trial.data);
  const taken = useJob(real.data);
  const isTaken = taken !== undefined && isOver(taken);
  const client = useQueryClient();
  useEffect(() => {
    if (isTaken) void client.invalidateQueries();
  }, [isTaken, client]);
  const forget = () => {
    trial.reset();
    real.reset();
  };
  async function choose(chosen: globalThis.File | null) {
    forget();
    if (chosen === null) {
      setFile(undefined);
      return;
    }
    const content = await chosen.text();
    const headings = headingsOf(content);
    setFile({ name: chosen.name, content, headings });
    setColumns(guessColumns(kind, headings, attributes?.items.map(({ name }) => name) ?? []));
  }
  const job = taken ?? tried;
  const count = tried && isOver(tried) ? tried.counts.done : 0;
  const cannotTry = trial.error instanceof Problem && trial.error.code === 'bulk.no_dry_run';
  const canTake = count > 0 || cannotTry;
  return (
    <Page title={title} lead={lead} actions={<WayBack to={back} />}>
      <Stack maw={900}>
        <Chooser kind={kind} onChoose={(chosen) => void choose(chosen)} />
        {file && (
          <>
            <Title order={2} size="h4">
              {t('Columns')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('Which column of the file holds what. Columns that are not chosen are left out.')}
            </Text>
            <Columns
              file={file}
              columns={columns}
              onChange={(next) => {
                forget();
                setColumns(next);
              }}
            />
            <Options
              kind={kind}
              options={options}
              onChange={(next) => {
                forget();
                setOptions(next);
              }}
            />
            <FormProblem error={trial.error ?? real.error} />
            <Group>
              <Button
                variant="default"
                loading={trial.isPending}
                disabled={taken !== undefined}
                onClick={() => trial.mutate()}
              >
                {t('Try every line')}
              </Button>
              <Button
                loading={real.isPending}
                disabled={!canTake || taken !== undefined}
                onClick={() => real.mutate()}
              >
                {count > 0 ? t('Import {{count}}', { count }) : t('Import')}
              </Button>
            </Group>
          </>
        )}
      </Stack>
      {job ? (
        <ImportResult key={job.id} job={job} isTrial={taken === undefined} />
      ) : (
        file && <Alert color="blue">{t('Nothing is written before every line was tried.')}</Alert>
      )}
    </Page>
  );
}
