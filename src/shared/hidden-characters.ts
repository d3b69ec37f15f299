/** Invisible characters, and those that reverse the text around them: control and format characters, line separators, default-ignorable ones. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Of these, what has no place in a text for people; line breaks and tabs have. */
const unshown = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Whether a name that identifies a person or program could be confused with another one. */
export function hasHiddenCharacter(text: string): boolean {
  return hidden.test(text);
}

/** A text as pages and mails show it: names keep what was sent, but cannot hide or reverse the text beside them. */
export function shownText(text: string): string {
  return text.replace(unshown, '');
}
