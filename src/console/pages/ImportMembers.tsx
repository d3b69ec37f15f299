import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { ImportFile } from './ImportFile.js';

export default function ImportMembers() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  return (
    <ImportFile
      kind="members"
      path={`/groups/${id}/members/import`}
      title={t('Import members')}
      lead={t('People who are here already, by email, user name or id, become members of the group.')}
      back={`/groups/${id}`}
    />
  );
}
