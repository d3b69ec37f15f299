/** Characters nobody sees, or that turn the text around them: control and format characters, line separators, and what is ignored by default. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Of these, what has no place in a text for people; line breaks and tabs have. */
const unshown = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Whether a name by which people and programs are told apart could pass for another one. */
export function hasHiddenCharacter(text: string): boolean {
  return hidden.test(text);
}

/** A text as it is shown in pages and mails: names keep what was sent, but cannot hide or turn around what stands beside them. */
export function shownText(text: string): string {
  return text.replace(unshown, '');
}
