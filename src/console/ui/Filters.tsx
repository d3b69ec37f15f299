import { Button, Checkbox, Group, NativeSelect, Pill, Popover, Stack, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { read, type Listed } from '../api.js';
import type { User } from '../types.js';
import { SearchIcon } from './icons.js';
import type { ListState } from './list-state.js';

/** A filter of a list: one of some values, a day, a person's address, or a switch whose value is `true` or `false`. */
export interface Filter {
  name: string;
  label: string;
  kind?: 'choice' | 'toggle' | 'date' | 'text' | 'person';
  options?: readonly { value: string; label: string }[];
  /** Of a text: an example. */
  placeholder?: string;
  /** Of a switch: its state when the address has none. */
  byDefault?: boolean;
  /** Stands behind the button Filters. */
  isRare?: boolean;
}

/** Shows its new state at once; the address follows. */
function Toggle({ filter, isOn, state }: { filter: Filter; isOn: boolean; state: ListState }) {
  const [checked, setChecked] = useState(isOn);
  useEffect(() => setChecked(isOn), [isOn]);
  return (
    <Checkbox
      label={filter.label}
      checked={checked}
      onChange={({ currentTarget }) => {
        setChecked(currentTarget.checked);
        state.set({ [filter.name]: String(currentTarget.checked) });
      }}
    />
  );
}

/** A person by address, with those that match what is typed. */
function Person({ filter, state }: { filter: Filter; state: ListState }) {
  const value = state.get(filter.name);
  const [text, setText] = useState(value);
  const [q] = useDebouncedValue(text.trim(), 250);
  const list = useId();
  useEffect(() => setText(value), [value]);
  const { data } = useQuery({
    queryKey: ['/users', 'pick', q],
    queryFn: () => read<Listed<User>>('/users', { q, limit: 8, showDisabled: true, showNonActivated: true }),
    enabled: q.length >= 2,
  });
  const set = (next: string) => {
    if (next !== value) state.set({ [filter.name]: next });
  };
  return (
    <>
      <TextInput
        label={filter.label}
        value={text}
        list={list}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        onBlur={() => set(text.trim())}
        onKeyDown={({ key }) => {
          if (key === 'Enter') set(text.trim());
        }}
      />
      <datalist id={list}>
        {(data?.items ?? []).map(({ id, email, userName, displayName }) => (
          <option key={id} value={email ?? userName}>
            {displayName}
          </option>
        ))}
      </datalist>
    </>
  );
}

function Choice({ filter, state }: { filter: Filter; state: ListState }) {
  const { t } = useTranslation();
  const value = state.get(filter.name);
  if (filter.kind === 'toggle') {
    return (
      <Toggle
        filter={filter}
        isOn={value === '' ? filter.byDefault === true : value === 'true'}
        state={state}
      />
    );
  }
  if (filter.kind === 'person') return <Person filter={filter} state={state} />;
  if (filter.kind === 'date' || filter.kind === 'text') {
    return (
      <TextInput
        label={filter.label}
        type={filter.kind}
        size="sm"
        key={value}
        defaultValue={value}
        placeholder={filter.placeholder}
        onBlur={({ currentTarget }) => {
          if (currentTarget.value !== value) state.set({ [filter.name]: currentTarget.value });
        }}
        onKeyDown={({ key, currentTarget }) => {
          if (key === 'Enter') state.set({ [filter.name]: currentTarget.value });
        }}
      />
    );
  }
  return (
    <NativeSelect
      label={filter.label}
      size="sm"
      value={value}
      onChange={({ currentTarget }) => state.set({ [filter.name]: currentTarget.value })}
      data={[{ value: '', label: t('Any') }, ...(filter.options ?? [])]}
    />
  );
}

function Search({ label, state }: { label: string; state: ListState }) {
  const asked = state.get('q');
  const [text, setText] = useState(asked);
  const input = useRef<HTMLInputElement>(null);
  const search = useDebouncedCallback((q: string) => state.set({ q: q.trim() }), 250);
  useEffect(() => {
    if (document.activeElement !== input.current) setText(asked);
  }, [asked]);
  return (
    <TextInput
      ref={input}
      type="search"
      aria-label={label}
      placeholder={label}
      data-search
      className="search"
      leftSection={<SearchIcon size={16} />}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        search(currentTarget.value);
      }}
    />
  );
}

/** What a filter is set to, in words. */
function wordsOf({ label, kind, options }: Filter, value: string): string {
  if (kind === 'toggle') return label;
  return `${label}: ${options?.find((option) => option.value === value)?.label ?? value}`;
}

/** The filters that are set and stand behind the button, each with a way to take it off. */
function SetFilters({ filters, state }: { filters: readonly Filter[]; state: ListState }) {
  const { t } = useTranslation();
  return filters.map((filter) => {
    const words = wordsOf(filter, state.get(filter.name));
    return (
      <Pill
        key={filter.name}
        size="md"
        withRemoveButton
        removeButtonProps={{
          'aria-label': t('Without {{filter}}', { filter: words }),
          tabIndex: 0,
          'aria-hidden': false,
        }}
        onRemove={() => state.set({ [filter.name]: '' })}
      >
        {words}
      </Pill>
    );
  });
}

interface FiltersProps {
  searchLabel: string | undefined;
  filters: readonly Filter[];
  state: ListState;
}

/** The search field and the filters of a list; rare ones stand behind a button. */
export function Filters({ searchLabel, filters, state }: FiltersProps) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const rare = filters.filter(({ isRare }) => isRare === true);
  const set = [...filters.map(({ name }) => name), 'q'].filter((name) => state.get(name) !== '');
  const rareSet = rare.filter(({ name }) => state.get(name) !== '');
  return (
    <Group gap="sm" className="filters">
      {searchLabel !== undefined && <Search label={searchLabel} state={state} />}
      {filters
        .filter(({ isRare }) => isRare !== true)
        .map((filter) => (
          <Choice key={filter.name} filter={filter} state={state} />
        ))}
      {rare.length > 0 && (
        <Popover opened={opened} onChange={setOpened} position="bottom-start" shadow="md" trapFocus>
          <Popover.Target>
            <Button variant="default" onClick={() => setOpened(!opened)}>
              {rareSet.length === 0 ? t('Filters') : t('Filters ({{n}})', { n: rareSet.length })}
            </Button>
          </Popover.Target>
          <Popover.Dropdown>
            <Stack gap="sm" miw={240}>
              {rare.map((filter) => (
                <Choice key={filter.name} filter={filter} state={state} />
              ))}
            </Stack>
          </Popover.Dropdown>
        </Popover>
      )}
      <SetFilters filters={rareSet} state={state} />
      {set.length > 0 && (
        <Button variant="subtle" onClick={() => state.set(Object.fromEntries(set.map((name) => [name, ''])))}>
          {t('Clear')}
        </Button>
      )}
    </Group>
  );
}
