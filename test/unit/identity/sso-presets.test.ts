import { expect } from 'chai';
import { presetOf, trapsOf, type Finding } from '../../../src/identity/sso/presets.js';

describe('what is known to go wrong at a provider', () => {
  const cases: [issuer: string, preset: string, level: Finding['level'] | 'none', words: RegExp][] = [
    ['https://acme.okta.com', 'okta', 'none', /./],
    ['https://acme-admin.okta.com', 'okta', 'fault', /administration/],
    ['https://acme.okta.com/oauth2/default', 'okta', 'warning', /access policy/],
    ['https://login.microsoftonline.com/0aa7/v2.0', 'entra', 'none', /./],
    ['https://login.microsoftonline.com/common/v2.0', 'entra', 'fault', /shared/],
    ['https://sts.windows.net/0aa7/', 'entra', 'warning', /older/],
    ['https://accounts.google.com', 'google', 'note', /\bhd\b/],
    ['https://id.acme.test/realms/acme', 'keycloak', 'none', /./],
    ['https://id.acme.test/realms/acme/account', 'keycloak', 'fault', /realm/],
    ['https://acme.onelogin.com/oidc/2', 'onelogin', 'none', /./],
    ['https://acme.onelogin.com', 'onelogin', 'fault', /oidc/],
    ['https://auth.pingone.eu/0a1b/as', 'ping', 'none', /./],
    ['https://auth.pingone.eu/0a1b', 'ping', 'fault', /environment/],
    ['https://oauth.id.jumpcloud.com/', 'jumpcloud', 'none', /./],
    ['https://sso.jumpcloud.com/oidc', 'jumpcloud', 'fault', /issuer/],
    ['https://sts.acme.test/adfs', 'adfs', 'none', /./],
    ['https://sts.acme.test/adfs/ls', 'adfs', 'fault', /AD FS/],
    ['https://id.acme.test', 'other', 'none', /./],
  ];
  for (const [issuer, preset, level, words] of cases)
    it(`${issuer} is ${preset}: ${level}`, () => {
      expect(presetOf(issuer)).to.equal(preset);
      const found = trapsOf(presetOf(issuer), issuer);
      const wanted = found.find((one) => one.level === (level === 'none' ? 'fault' : level));
      if (level === 'none') expect(wanted).to.equal(undefined);
      else expect(found.map(({ detail }) => detail).join(' ')).to.match(words);
      if (level !== 'none') expect(wanted).to.not.equal(undefined);
    });
});
