/**
 * Asks the browser for a passkey, or to make one, and posts its answer as a form: the page's policy allows no other request. What to ask
 * stands in the page, in `data-passkey`; without script the place stays hidden.
 */
export const passkeyScript = `(() => {
  if (!window.PublicKeyCredential) return;
  const bytesOf = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const textOf = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=+$/, '');
  const listOf = (list) => (list || []).map((one) => ({ ...one, id: bytesOf(one.id) }));
  const answerOf = ({ id, rawId, type, response }) => {
    const parts = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'];
    const texts = parts.filter((name) => response[name]).map((name) => [name, textOf(response[name])]);
    const transports = response.getTransports ? { transports: response.getTransports() } : {};
    const body = { ...Object.fromEntries(texts), ...transports };
    return JSON.stringify({ id, rawId: textOf(rawId), type, response: body, clientExtensionResults: {} });
  };
  for (const place of document.querySelectorAll('[data-passkey]')) {
    const { action, csrf, does, options, words } = JSON.parse(place.dataset.passkey);
    const publicKey = { ...options, challenge: bytesOf(options.challenge) };
    if (options.user) publicKey.user = { ...options.user, id: bytesOf(options.user.id) };
    for (const name of ['allowCredentials', 'excludeCredentials'])
      if (options[name]) publicKey[name] = listOf(options[name]);
    const button = place.querySelector('button');
    const said = document.createElement('p');
    said.setAttribute('role', 'status');
    place.append(said);
    const send = (credential) => {
      const form = document.createElement('form');
      form.method = 'post';
      form.action = action;
      const named = place.querySelector('input');
      const fields = { _csrf: csrf, credential: answerOf(credential), ...(named && { name: named.value }) };
      for (const [name, value] of Object.entries(fields)) {
        const field = document.createElement('input');
        field.type = 'hidden';
        field.name = name;
        field.value = value;
        form.append(field);
      }
      document.body.append(form);
      form.submit();
    };
    let waiting = new AbortController();
    button.addEventListener('click', async () => {
      waiting.abort();
      button.disabled = true;
      said.textContent = '';
      try {
        send(await navigator.credentials[does]({ publicKey }));
      } catch {
        said.textContent = words;
        button.disabled = false;
      }
    });
    place.hidden = false;
    const suggest = async () => {
      const can = PublicKeyCredential.isConditionalMediationAvailable;
      const email = document.querySelector('#email');
      if (!email || !can || !(await can.call(PublicKeyCredential))) return;
      email.autocomplete = 'username webauthn';
      send(await navigator.credentials.get({ publicKey, mediation: 'conditional', signal: waiting.signal }));
    };
    suggest().catch(() => undefined);
  }
})();
`;
