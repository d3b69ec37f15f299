import { useTranslation } from 'react-i18next';
import { ImportFile } from './ImportFile.js';

export default function ImportInvites() {
  const { t } = useTranslation();
  return (
    <ImportFile
      kind="invitations"
      path="/invitations/import"
      title={t('Import invitations')}
      lead={t('Everybody in the file gets a mail with a link. A line may name its own roles and period.')}
      back="/users/invites"
    />
  );
}
