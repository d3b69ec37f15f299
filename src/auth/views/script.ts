import { createHash } from 'node:crypto';
import { passkeyScript } from './passkey-script.js';
import { pictureScript } from './picture-script.js';

/**
 * What makes pages handier, and nothing more: a button that shows a password, a word when Caps Lock is on, the time
 * left of a lock, what is copied by a button, pictures made smaller, and passkeys. Without it every page works.
 */
export const pageScript = `${passkeyScript}${pictureScript}(() => {
  const words = document.documentElement.lang === 'de'
    ? { show: 'Anzeigen', hide: 'Verbergen', caps: 'Die Feststelltaste ist an.', copy: 'Kopieren', copied: 'Kopiert', go: 'Sie können es jetzt wieder versuchen.' }
    : { show: 'Show', hide: 'Hide', caps: 'Caps Lock is on.', copy: 'Copy', copied: 'Copied', go: 'You can try again now.' };
  for (const place of document.querySelectorAll('[data-wait]')) {
    const end = Date.now() + Number(place.dataset.wait) * 1000;
    const two = (count) => String(count).padStart(2, '0');
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      place.textContent = left === 0 ? words.go : Math.floor(left / 60) + ':' + two(left % 60);
      if (left === 0) { clearInterval(timer); place.setAttribute('role', 'status'); }
    };
    const timer = setInterval(tick, 1000);
    tick();
  }
  for (const place of navigator.clipboard ? document.querySelectorAll('[data-copy]') : []) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'quiet';
    button.textContent = words.copy;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(place.textContent.trim());
      button.textContent = words.copied;
    });
    place.after(button);
  }
  for (const field of document.querySelectorAll('input[type=password]')) {
    const row = document.createElement('span');
    row.className = 'reveal';
    field.replaceWith(row);
    const button = document.createElement('button');
    button.type = 'button';
    const name = (field.labels && field.labels[0] ? field.labels[0].textContent : 'password').toLowerCase();
    const say = () => {
      const hidden = field.type === 'password';
      button.textContent = hidden ? words.show : words.hide;
      button.setAttribute('aria-label', (hidden ? words.show : words.hide) + ' ' + name);
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
      hint.textContent = event.getModifierState && event.getModifierState('CapsLock') ? words.caps : '';
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
