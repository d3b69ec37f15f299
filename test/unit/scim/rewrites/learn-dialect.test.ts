import { expect } from 'chai';
import { learnDialect } from '../../../../src/scim/protocol/rewrites/learn-dialect.js';
import { signsOf, type DialectObservation, type Sign } from '../../../../src/scim/protocol/rewrites/signs.js';
import { groupUrn, patchOpUrn, userUrn } from '../../../../src/scim/protocol/urns.js';
import type { LearnedDialect } from '../../../../src/shared/dialects.js';

type Seen = Partial<DialectObservation>;

const signs = (...observations: Seen[]): Sign[] =>
  observations.flatMap((observation) =>
    signsOf({
      method: 'GET',
      path: '/Users',
      body: undefined,
      userAgent: undefined,
      deviations: [],
      ...observation,
    }),
  );

const patch = (...operations: object[]): Seen => ({
  method: 'PATCH',
  path: '/Users/1',
  body: { schemas: [patchOpUrn], Operations: operations },
});
const removal = (op: string, member: object): Seen => ({
  ...patch({ op, path: 'members', value: [member] }),
  deviations: ['remove-with-value'],
});

describe('learning a directory’s dialect', () => {
  const flag = { path: '/Users?aadOptscim062020&filter=userName%20eq%20%22a%22' };
  const groupLookup = { path: '/Groups?excludedAttributes=members&filter=displayName%20eq%20%22a%22' };
  const oktaLookup = { path: '/Users?filter=userName%20eq%20%22a%22&startIndex=1&count=100' };
  const oktaUser = { method: 'POST', body: { schemas: [userUrn], groups: [], password: 'x' } };

  const cases: [title: string, observations: Seen[], expected: string][] = [
    ['nothing', [], 'auto'],
    ['a plain request', [{ userAgent: 'curl/8' }], 'auto'],
    ['a body of another kind', [{ method: 'PATCH', body: [] }, { method: 'PATCH', body: { Operations: 1 } }], 'auto'],
    ['a User-Agent and nothing else', [{ userAgent: 'Okta SCIM Client 1.0.0' }], 'auto'],
    ['Entra’s flag', [flag], 'entra'],
    ['Entra’s schema for groups', [{ method: 'POST', path: '/Groups', body: { schemas: [groupUrn, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'] } }], 'entra'],
    ['one capital op', [{ deviations: ['capital-op'] }], 'auto'],
    ['the same again and again', Array<Seen>(9).fill({ deviations: ['capital-op'] }), 'auto'],
    ['a capital op and a boolean as text', [{ deviations: ['capital-op', 'string-boolean'] }], 'entra'],
    ['packed roles', [{ deviations: ['packed-json'] }], 'entra'],
    ['Entra’s lookups of groups and of a GUID', [groupLookup, { path: '/Users?filter=userName eq "7f4bc1a3-285e-48ae-8202-5accb43efb0e"' }], 'entra'],
    ['Entra’s removal of a member', [removal('Remove', { $ref: null, value: 'u' })], 'entra'],
    ['JumpCloud’s removal of a member, and one attribute at a time', [removal('remove', { value: 'u' }), patch({ op: 'replace', path: 'title', value: 'x' })], 'jumpcloud'],
    ['Okta’s lookup and its creation with groups', [oktaLookup, oktaUser], 'okta'],
    ['Okta’s connection test and User-Agent', [{ path: '/Users?startIndex=1&count=2', userAgent: 'Okta SCIM Client 1.0.0' }], 'auto'],
    ['Okta’s rename and deactivation', [{ deviations: ['id-in-value'] }, patch({ op: 'replace', value: { active: false } })], 'okta'],
    ['OneLogin’s URNs', [{ deviations: ['legacy-urns'] }], 'onelogin'],
    ['OneLogin’s addresses, its template corrected', [{ path: '/Users?filter=userName+eq+%22a%22&' }], 'onelogin'],
    ['OneLogin’s dangling question mark and its User-Agent', [{ method: 'PUT', path: '/Users/1?', userAgent: 'OneLogin' }], 'onelogin'],
    ['Google’s lookup', [{ path: '/Users?filter=userName%20eq%20%22a%22&startIndex=1' }], 'google'],
    ['Ping’s filter', [{ path: '/Users?filter=username%20Eq%20%22a%22' }], 'ping'],
    ['two providers at once', [flag, { deviations: ['legacy-urns'] }], 'auto'],
    ['Entra under Okta’s User-Agent', [{ ...flag, userAgent: 'Okta SCIM Client 1.0.0' }], 'entra'],
  ]; // prettier-ignore
  for (const [title, observations, expected] of cases) {
    it(`${title}: ${expected}`, () => expect(learnDialect(signs(...observations))).to.equal(expected));
  }

  const later: [title: string, known: LearnedDialect, observations: Seen[], expected: string][] = [
    ['stays when nothing speaks', 'okta', [{ userAgent: 'curl/8' }], 'okta'],
    ['stays while it is still at work, whoever else is', 'okta', [flag, flag, oktaLookup], 'okta'],
    ['stays when nobody is certain', 'okta', [{ deviations: ['capital-op'] }], 'okta'],
    ['goes when another has come in its place', 'okta', [flag], 'entra'],
    ['is not kept by a User-Agent', 'okta', [{ ...flag, userAgent: 'Okta SCIM Client 1.0.0' }], 'entra'],
  ];
  for (const [title, known, observations, expected] of later) {
    it(`${known}, once known, ${title}: ${expected}`, () =>
      expect(learnDialect(signs(...observations), known)).to.equal(expected));
  }
});
