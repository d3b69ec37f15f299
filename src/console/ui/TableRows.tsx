import { Checkbox, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ListState } from './list-state.js';
import { LoadingRows } from './LoadingRows.js';

export interface Column<T> {
  key: string;
  header: string;
  cell: (row: T) => ReactNode;
  /** The field the API sorts by; absent: it cannot. */
  sort?: string;
  /** Not shown until it is chosen at Columns. */
  isHidden?: boolean;
}

const densities = { comfortable: 8, compact: 3 } as const;
export type Density = keyof typeof densities;

function sortOf(state: ListState, column: { sort?: string }): 'ascending' | 'descending' | 'none' {
  if (state.get('sort') === column.sort) return 'ascending';
  return state.get('sort') === `-${column.sort ?? ''}` ? 'descending' : 'none';
}

/** What can be done with a row stays in view where the table is wider than its page. */
const isSticky = (key: string): boolean => key === 'actions' || key === 'more';

function Heading<T>({ column, state }: { column: Column<T>; state: ListState }) {
  if (column.sort === undefined) {
    return (
      <Table.Th scope="col" className={isSticky(column.key) ? 'sticky' : ''}>
        {column.header}
      </Table.Th>
    );
  }
  const order = sortOf(state, column);
  const next = order === 'ascending' ? `-${column.sort}` : column.sort;
  return (
    <Table.Th scope="col" aria-sort={order}>
      <button type="button" className="sort" onClick={() => state.set({ sort: next })}>
        {column.header}
        <span aria-hidden="true">{{ ascending: ' ↑', descending: ' ↓', none: '' }[order]}</span>
      </button>
    </Table.Th>
  );
}

interface RowsProps<T> {
  caption: string;
  rowName?: (row: T) => string;
  onOpen?: ((row: T) => void) | undefined;
  density: Density;
  columns: readonly Column<T>[];
  rows: readonly T[] | undefined;
  idOf: (row: T) => string;
  state: ListState;
  selected: ReadonlySet<string> | undefined;
  onSelect: (ids: Set<string>) => void;
}

/** A click on a row opens it, but not one on what can be pressed itself, nor the end of a selection of text. */
function isForRow(target: EventTarget): boolean {
  return (
    target instanceof Element &&
    !target.closest('a, button, input, label') &&
    getSelection()?.type !== 'Range'
  );
}

/** The table of a list: its headings sort, its rows can be selected and opened. */
export function Rows<T>(props: RowsProps<T>) {
  const { caption, columns, rows, idOf, state, selected, onSelect, rowName, onOpen, density } = props;
  const { t } = useTranslation();
  const ids = rows?.map(idOf) ?? [];
  const isAll = ids.length > 0 && ids.every((id) => selected?.has(id));
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  return (
    <div className="scroll box" role="region" aria-label={caption} tabIndex={0}>
      <Table
        highlightOnHover
        verticalSpacing={densities[density]}
        aria-busy={rows === undefined}
        aria-label={caption}
      >
        <Table.Thead>
          <Table.Tr>
            {selected && (
              <Table.Th w={40}>
                <Checkbox
                  aria-label={t('Select all on this page')}
                  checked={isAll}
                  onChange={() => onSelect(new Set(isAll ? [] : ids))}
                />
              </Table.Th>
            )}
            {columns.map((column) => (
              <Heading key={column.key} column={column} state={state} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows?.map((row) => (
            <Table.Tr
              key={idOf(row)}
              data-opens={onOpen ? true : undefined}
              onClick={({ target }) => {
                if (onOpen && isForRow(target)) onOpen(row);
              }}
            >
              {selected && (
                <Table.Td>
                  <Checkbox
                    aria-label={t('Select {{what}}', { what: rowName?.(row) ?? idOf(row) })}
                    checked={selected.has(idOf(row))}
                    onChange={() => toggle(idOf(row))}
                  />
                </Table.Td>
              )}
              {columns.map(({ key, cell }) => (
                <Table.Td key={key} className={isSticky(key) ? 'sticky' : ''}>
                  {cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
          {rows === undefined && <LoadingRows columns={columns.length + (selected ? 1 : 0)} />}
        </Table.Tbody>
      </Table>
    </div>
  );
}
