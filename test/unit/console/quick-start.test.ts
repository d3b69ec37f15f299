import { expect } from 'chai';
import { quickStarts } from '../../../src/console/pages/quick-start.js';

const facts = { clientId: 'crm', redirectUri: 'http://localhost:4000/cb', isPublic: false, isMachine: false };
const codeOf = (title: string, issuer: string, isPublic = false): string =>
  quickStarts({ ...facts, issuer, isPublic }).find((each) => each.title.startsWith(title))?.code ?? '';

describe('the quick start of an application', () => {
  it('lets libraries that ask for https talk to an issuer on http, and only then', () => {
    for (const isPublic of [false, true]) {
      expect(codeOf('Express', 'http://localhost:3000/oidc', isPublic)).to.contain(
        'oidc.allowInsecureRequests',
      );
      expect(codeOf('Express', 'https://id.example/oidc', isPublic)).not.to.contain('allowInsecureRequests');
    }
    expect(codeOf('ASP.NET', 'http://localhost:3000/oidc')).to.contain('RequireHttpsMetadata = false');
    expect(codeOf('ASP.NET', 'https://id.example/oidc')).not.to.contain('RequireHttpsMetadata');
  });
});
