import { Skeleton, Table } from '@mantine/core';

/** Rows that are on their way. */
export const LoadingRows = ({ columns }: { columns: number }) =>
  Array.from({ length: 6 }, (_, index) => (
    <Table.Tr key={index}>
      <Table.Td colSpan={columns}>
        <Skeleton h={20} />
      </Table.Td>
    </Table.Tr>
  ));
