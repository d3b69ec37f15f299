import { Button, Group, Menu, NativeSelect, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem, read, type Listed } from '../api.js';
import type { SavedView } from '../access-types.js';
import { Filters, type Filter } from './Filters.js';
import { useKept } from './kept.js';
import { useListState, type ListState } from './list-state.js';
import { FormProblem, ProblemView } from './Problems.js';
import { SavedViews } from './SavedViews.js';
import { SelectedRows, type Selection } from './SelectedRows.js';
import { Rows, type Column, type Density } from './TableRows.js';

export type { Column } from './TableRows.js';

interface DataTableProps<T> {
  /** Under which the person's choice of columns is kept. */
  name: string;
  /** The list, below `/api/v1`. */
  path: string;
  caption: string;
  columns: readonly Column<T>[];
  filters?: readonly Filter[];
  searchLabel?: string;
  /** Asked for beside what the address says. */
  query?: Readonly<Record<string, string>>;
  rowId?: (row: T) => string;
  rowName?: (row: T) => string;
  /** Shown while rows are selected; makes rows selectable. */
  bulk?: (selection: Selection) => ReactNode;
  /** Shown in place of the table when the list has no entry at all. */
  empty?: ReactNode;
  /** Beside the number of rows. */
  note?: (list: Listed<T>) => ReactNode;
  refetchSeconds?: number;
  /** The list whose saved views are offered. */
  views?: SavedView['list'];
  /** What a click on a row does; the row holds a link or button to the same. */
  onOpen?: ((row: T) => void) | undefined;
}

const sizes = ['25', '50', '100'];

/** Which columns are shown, and how close the rows of every list stand. */
function Columns<T>(props: {
  columns: readonly Column<T>[];
  shown: readonly string[];
  onChange: (keys: string[]) => void;
  density: Density;
  onDensity: (density: Density) => void;
}) {
  const { t } = useTranslation();
  const { columns, shown, onChange, density, onDensity } = props;
  return (
    <Menu position="bottom-end" closeOnItemClick={false}>
      <Menu.Target>
        <Button variant="default" flex="none">
          {t('Columns')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.CheckboxGroup value={[...shown]} onChange={onChange}>
          {columns.map(({ key, header }) => (
            <Menu.CheckboxItem key={key} value={key}>
              {header}
            </Menu.CheckboxItem>
          ))}
        </Menu.CheckboxGroup>
        <Menu.Divider />
        <Menu.Label>{t('Density')}</Menu.Label>
        <Menu.RadioGroup value={density} onChange={(next) => onDensity(next as Density)}>
          <Menu.RadioItem value="comfortable">{t('Comfortable')}</Menu.RadioItem>
          <Menu.RadioItem value="compact">{t('Compact')}</Menu.RadioItem>
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}

function Pager<T>({ list, state }: { list: Listed<T> | undefined; state: ListState }) {
  const { t } = useTranslation();
  const next = list?.next ?? null;
  return (
    <Group justify="space-between" className="filters">
      <NativeSelect
        label={t('Rows per page')}
        size="xs"
        data={sizes}
        value={state.get('limit') || '25'}
        onChange={({ currentTarget }) => state.set({ limit: currentTarget.value })}
      />
      <Group gap="xs">
        <Button variant="default" disabled={state.goBack === undefined} onClick={() => state.goBack?.()}>
          {t('Previous')}
        </Button>
        <Button
          variant="default"
          disabled={next === null}
          onClick={() => next !== null && state.goNext(next)}
        >
          {t('Next')}
        </Button>
      </Group>
    </Group>
  );
}

/** How many rows there are, read out when it changes, and what to do when there are none. */
function Count<T>({
  list,
  note,
  isFiltered,
  state,
}: Pick<DataTableProps<T>, 'note'> & { list: Listed<T> | undefined; isFiltered: boolean; state: ListState }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed" role="status" className="numbers">
        {list ? t('{{count}} in all', { count: list.total }) : t('Loading')}
      </Text>
      {list && note?.(list)}
      {list?.total === 0 && isFiltered && (
        <Button size="compact-sm" variant="subtle" onClick={() => state.clear()}>
          {t('Nothing matches. Clear the filters')}
        </Button>
      )}
    </Group>
  );
}

/** What of the address is a question to the API. */
function questionOf(state: ListState, filters: readonly Filter[], query: Readonly<Record<string, string>>) {
  const names = ['q', 'sort', 'cursor', ...filters.map(({ name }) => name)];
  const said = Object.fromEntries(names.map((name) => [name, state.get(name)]));
  return { ...said, ...query, limit: state.get('limit') || '25' };
}

/** What of the address narrows the list. */
function filterOf(state: ListState, filters: readonly Filter[]): Record<string, string> {
  const entries = ['q', ...filters.map(({ name }) => name)].map((name) => [name, state.get(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

/** The one list of the console: search, filters, order and page are in the address, the server does the work. */
export function DataTable<T extends object>(props: DataTableProps<T>) {
  const { name, path, columns, filters = [], searchLabel, query = {}, bulk, empty, note } = props;
  const state = useListState();
  const [shown, setShown] = useKept(
    `columns.${name}`,
    columns.flatMap(({ key, isHidden }) => (isHidden === true ? [] : [key])),
  );
  const [density, setDensity] = useKept<Density>('density', 'comfortable');
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const question = questionOf(state, filters, query);
  const { data, error } = useQuery({
    queryKey: [path, question],
    queryFn: () => read<Listed<T>>(path, question, props.refetchSeconds !== undefined),
    placeholderData: keepPreviousData,
    ...(props.refetchSeconds !== undefined && { refetchInterval: props.refetchSeconds * 1000 }),
  });
  const isWrongFilter = error instanceof Problem && error.status === 400;
  if (error && !isWrongFilter) return <ProblemView error={error} />;
  const isFiltered = ['q', ...filters.map((filter) => filter.name)].some((key) => state.get(key) !== '');
  if (data?.total === 0 && !isFiltered && empty !== undefined) return empty;
  const idOf = props.rowId ?? ((row: T) => (row as { id: string }).id);
  return (
    <Stack gap="sm">
      {props.views && <SavedViews list={props.views} />}
      <Group justify="space-between" align="flex-start" className="toolbar">
        <Filters searchLabel={searchLabel} filters={filters} state={state} />
        <Columns
          columns={columns}
          shown={shown}
          onChange={setShown}
          density={density}
          onDensity={setDensity}
        />
      </Group>
      <FormProblem error={error} />
      <Count list={data} note={note} isFiltered={isFiltered} state={state} />
      {bulk && selected.size > 0 && (
        <SelectedRows
          ids={selected}
          total={data?.total ?? 0}
          filter={filterOf(state, filters)}
          bulk={bulk}
          clear={() => setSelected(new Set())}
        />
      )}
      <Rows
        caption={props.caption}
        columns={columns.filter(({ key }) => shown.includes(key))}
        rows={data?.items}
        idOf={idOf}
        state={state}
        selected={bulk && selected}
        onSelect={setSelected}
        density={density}
        onOpen={props.onOpen}
        {...(props.rowName && { rowName: props.rowName })}
      />
      <Pager list={data} state={state} />
    </Stack>
  );
}
