import { createHash } from 'node:crypto';
import { passkeyScript } from './passkey-script.js';

/**
 * What makes pages handier, and nothing more: a button that shows a password, a word when Caps Lock is on, and passkeys. Without it every
 * page works.
 */
export const pageScript = `${passkeyScript}(() => {
  for (const field of document.querySelectorAll('input[type=password]')) {
    const row = document.createElement('span');
    row.className = 'reveal';
    field.replaceWith(row);
    const button = document.createElement('button');
    button.type = 'button';
    const name = (field.labels && field.labels[0] ? field.labels[0].textContent : 'password').toLowerCase();
    const say = () => {
      const hidden = field.type === 'password';
      button.textContent = hidden ? 'Show' : 'Hide';
      button.setAttribute('aria-label', (hidden ? 'Show ' : 'Hide ') + name);
    };
    button.addEventListener('click', () => {
      field.type = field.type === 'password' ? 'text' : 'password';
      say();
      field.focus();
    });
    const hint = document.createElement('span');
    hint.className = 'caps';
    hint.setAttribute('role', 'status');
    row.append(field, button);
    row.after(hint);
    const look = (event) => {
      hint.textContent = event.getModifierState && event.getModifierState('CapsLock') ? 'Caps Lock is on.' : '';
    };
    field.addEventListener('keydown', look);
    field.addEventListener('keyup', look);
    field.addEventListener('blur', () => { hint.textContent = ''; });
    if (field.form) field.form.addEventListener('submit', () => { field.type = 'password'; });
    say();
    if (field.autofocus) field.focus();
  }
})();
`;

/** Its address changes with its content, so that it may be cached for ever. */
export const scriptPath = `/assets/pages-${createHash('sha256').update(pageScript).digest('hex').slice(0, 12)}.js`;
