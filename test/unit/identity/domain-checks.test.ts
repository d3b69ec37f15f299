import { expect } from 'chai';
import { closestTo, coversDomain, namesOf } from '../../../src/identity/domain-match.js';
import { endOf, judgeCheck } from '../../../src/identity/sso/domain-checks.js';

const dayMs = 86_400_000;
const start = Date.parse('2026-01-01T00:00:00Z');
const onDay = (days: number): Date => new Date(start + days * dayMs);
const entry = { domain: 'acme.test', verified: true, challenge: 'c', verifiedAt: onDay(0) };

describe('the rules of a daily look at a domain’s record', () => {
  it('an absence ends with the record’s return; only one that was told of is news', () => {
    const away = judgeCheck(entry, false, onDay(1));
    expect([away.news, away.entry.missingSince]).to.deep.equal([null, onDay(1)]);
    expect(judgeCheck(away.entry, true, onDay(2))).to.deep.include({ news: null });
    const told = judgeCheck(away.entry, false, onDay(8));
    expect([told.news, told.entry.warnedAt]).to.deep.equal(['missing', onDay(8)]);
    const back = judgeCheck(told.entry, true, onDay(9));
    expect([back.news, back.entry.missingSince, back.entry.warnedAt]).to.deep.equal(['back', null, null]);
  });

  it('nobody loses a domain without a week’s notice, however long the server stood still', () => {
    const away = judgeCheck(entry, false, onDay(1)).entry;
    const late = judgeCheck(away, false, onDay(60));
    expect([late.news, late.entry.verified, endOf(late.entry)]).to.deep.equal(['missing', true, onDay(67)]);
    expect(judgeCheck(late.entry, false, onDay(66)).news).to.equal(null);
    const lost = judgeCheck(late.entry, false, onDay(67));
    expect([lost.news, lost.entry.verified, lost.entry.challenge === 'c']).to.deep.equal([
      'lost',
      false,
      false,
    ]);
  });
});

describe('which verified domain answers for an address', () => {
  it('its own, then the closest above it that counts with those below; never a top-level domain', () => {
    expect(namesOf('acme.test')).to.deep.equal(['acme.test']);
    expect(namesOf('a.b.acme.test')).to.deep.equal(['a.b.acme.test', '*.b.acme.test', '*.acme.test']);
    expect(coversDomain(['acme.test', '*.acme.test'], 'x.acme.test')).to.equal(true);
    expect(coversDomain(new Set(['acme.test']), 'x.acme.test')).to.equal(false);
    expect(coversDomain(['*.acme.test'], 'notacme.test')).to.equal(false);
    const wide = { verifiedDomains: ['acme.test', '*.acme.test'] };
    const close = { verifiedDomains: ['b.acme.test'] };
    expect(closestTo([wide, close], 'b.acme.test')).to.equal(close);
    expect(closestTo([wide, close], 'a.b.acme.test')).to.equal(wide);
    expect(closestTo([close], 'a.b.acme.test')).to.equal(undefined);
  });
});
