import type { TFunction } from 'i18next';
import { asSentence } from './server.js';

/** Why a rule gives a role, in words: `groups.displayName is "Support"` as `Member of the group Support`. */
export function ruleInWords(t: TFunction, detail: string): string {
  const [, path = '', test = '', rest = ''] = /^(\S+) (is in|is|matches) (.+)$/s.exec(detail) ?? [];
  const values = rest.replaceAll('"', '');
  if (path === 'groups.displayName') {
    if (test === 'is') return t('Member of the group {{group}}', { group: values });
    if (test === 'is in') return t('Member of one of the groups {{groups}}', { groups: values });
    if (test === 'matches') return t('Member of a group that matches {{pattern}}', { pattern: values });
  }
  if (test === 'is') return t('{{attribute}} is {{value}}', { attribute: path, value: values });
  if (test === 'is in') return t('{{attribute}} is one of {{value}}', { attribute: path, value: values });
  if (test === 'matches') return t('{{attribute}} matches {{value}}', { attribute: path, value: values });
  return asSentence(detail);
}
