import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import { AppError } from '../../shared/errors.js';
import type { Entity } from '../audit/entity.js';
import { tokenSecondsOf } from './federation.js';
import { shownSource } from './google-source.js';

/** What the unique indexes of directories mean to a caller. */
export const directoryDuplicates = {
  directories_name: {
    code: 'directory.name_taken',
    message: 'the name is taken by another directory',
    pointer: '/name',
  },
} as const;

export const directoryParty = (
  directory: Pick<DirectoryDocument, '_id' | 'name'>,
): { type: string; id: string; label: string } => ({
  type: 'directory',
  id: directory._id,
  label: directory.name,
});

/** A directory as what administrators configure. */
export const directoryEntity: Entity<'directories'> = {
  collection: 'directories',
  notFound: () => new AppError('directory.not_found', 'there is no such directory'),
  partyOf: directoryParty,
  factsOf: auditable,
};

function auditable(directory: DirectoryDocument): Record<string, unknown> {
  const {
    name,
    dialect,
    enabled,
    roleRules,
    federation = null,
    google,
    attributeMapping = [],
    changeGuard,
  } = directory;
  const rules = roleRules.map(({ when, grant }) => ({ when, grant }));
  return {
    ...{ name, dialect, enabled, roleRules: rules, tokenSeconds: tokenSecondsOf(directory), federation },
    attributeMapping,
    ...(changeGuard !== undefined && { changeGuard }),
    ...(google && { google: shownSource(google) }),
  };
}
