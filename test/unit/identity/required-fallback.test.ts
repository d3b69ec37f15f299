import { expect } from 'chai';
import { withEnforcement, type Guarded } from '../../../src/identity/sso/required-fallback.js';

describe('a connection that becomes required', () => {
  const now = new Date('2026-05-01T08:00:00.000Z');
  const required = { mode: 'required', fallbackMinutes: 30 } as const;
  const optional = { mode: 'optional', fallbackMinutes: 30 } as const;
  const enforcement = { id: 'first', since: new Date('2026-05-01T07:00:00.000Z') };

  it('is watched from then on, if it says for how long', () => {
    for (const before of [undefined, optional, { mode: 'required' } as const]) {
      const { enforcement: watched } = withEnforcement<Guarded>(before, required, now);
      expect(watched).to.include({ since: now });
    }
    const plain = { mode: 'required' } as const;
    expect(withEnforcement(optional, plain, now)).to.equal(plain);
  });

  it('is watched from the same time whatever else changes, and no more once somebody came in', () => {
    for (const state of [enforcement, null]) {
      const after = { ...required, enforcement: state };
      expect(withEnforcement({ ...required, enforcement: state }, after, now)).to.equal(after);
    }
  });

  it('is not watched any more when it is optional, off, or has no time', () => {
    const before = { ...required, enforcement };
    for (const change of [{ mode: 'optional' }, { mode: 'off' }, { fallbackMinutes: null }] as const) {
      expect(withEnforcement(before, { ...before, ...change }, now).enforcement).to.equal(null);
    }
  });

  it('is watched anew when the time changes', () => {
    const before = { ...required, enforcement };
    const after = withEnforcement(before, { ...before, fallbackMinutes: 60 }, now);
    expect(after.enforcement).to.include({ since: now });
    expect(after.enforcement.id).to.not.equal('first');
  });
});
