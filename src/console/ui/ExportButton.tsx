import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { fetchFile, type Query } from '../api.js';
import { tellProblem } from './Problems.js';
import { saveFile } from './save-file.js';

interface ExportButtonProps {
  /** Below `/api/v1`, with a leading slash. */
  path: string;
  query?: Query;
  label: string;
}

/** Fetches a list as a file, of the tenant that is shown, and saves it. */
export function ExportButton({ path, query = {}, label }: ExportButtonProps) {
  const { mutate, isPending } = useMutation({
    mutationFn: () => fetchFile(path, query),
    onSuccess: ({ blob, name }) => saveFile(blob, name),
    onError: tellProblem,
  });
  return (
    <Button variant="default" loading={isPending} onClick={() => mutate()}>
      {label}
    </Button>
  );
}
