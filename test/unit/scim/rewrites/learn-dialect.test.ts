import { expect } from 'chai';
import {
  learnDialect,
  type DialectObservation,
} from '../../../../src/scim/protocol/rewrites/learn-dialect.js';

const seen = (observation: Partial<DialectObservation>): DialectObservation => ({
  userAgent: undefined,
  query: {},
  deviations: [],
  ...observation,
});

describe('learning a directory’s dialect', () => {
  const cases: [string, Partial<DialectObservation>[], string][] = [
    ['nothing', [], 'auto'],
    ['a plain request', [{ userAgent: 'curl/8' }], 'auto'],
    ['Okta’s User-Agent', [{ userAgent: 'Okta SCIM Client 1.0.0' }], 'okta'],
    ['Google’s User-Agent', [{ userAgent: 'Google-Auto-Provisioning' }], 'google'],
    ['PingFederate', [{ userAgent: 'PingFederate/12' }], 'ping'],
    ['JumpCloud', [{ userAgent: 'JumpCloud-SCIM' }], 'jumpcloud'],
    ['OneLogin’s URNs', [{ userAgent: '', deviations: ['legacy-urns'] }], 'onelogin'],
    ['Entra’s flag', [{ query: { aadOptscim062020: '' } }], 'entra'],
    ['Ping’s filter', [{ query: { filter: 'username Eq "a"' } }], 'ping'],
    ['one capital op', [{ deviations: ['capital-op'] }], 'auto'],
    [
      'capital ops and string booleans, again and again',
      [{ deviations: ['capital-op', 'string-boolean'] }, { deviations: ['capital-op'] }],
      'entra',
    ],
    [
      'removals with a value, of which two providers are known',
      Array(9).fill({ deviations: ['remove-with-value'] }) as Partial<DialectObservation>[],
      'auto',
    ],
    [
      'an id in a value, twice',
      [{ deviations: ['id-in-value'] }, { deviations: ['id-in-value', 'several-primaries'] }],
      'okta',
    ],
    ['packed roles', [{ deviations: ['packed-json'] }], 'entra'],
  ];
  for (const [title, observations, expected] of cases) {
    it(`${title}: ${expected}`, () => expect(learnDialect(observations.map(seen))).to.equal(expected));
  }
});
