import { useTranslation } from 'react-i18next';
import { ImportFile } from './ImportFile.js';

export default function ImportPeople() {
  const { t } = useTranslation();
  return (
    <ImportFile
      kind="people"
      path="/users/import"
      title={t('Import users')}
      lead={t(
        'People of a CSV file, with the hashes of their passwords if it has them. Who is here already stays.',
      )}
      back="/users"
    />
  );
}
