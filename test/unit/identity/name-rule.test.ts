import { expect } from 'chai';
import { nameFaults } from '../../../src/identity/grants/name-rule.js';

describe('the rule for names people give themselves', () => {
  const isGood = (rule: 'strict' | 'relaxed', givenName: string): boolean =>
    nameFaults(rule, { givenName }).length === 0;

  it('asks for two letters of a first name and one of a last name when strict (M0-35, M0-36)', () => {
    expect(nameFaults('strict', { givenName: 'A', familyName: 'B' })).to.deep.equal([
      {
        pointer: '/givenName',
        detail: 'First name must have at least 2 characters. Numbers and special characters are not allowed.',
      },
    ]);
    expect(nameFaults('strict', { familyName: '' })).to.deep.equal([
      {
        pointer: '/familyName',
        detail: 'Last name must have at least 1 character. Numbers and special characters are not allowed.',
      },
    ]);
  });

  it('takes letters of any script and inner spaces', () => {
    for (const name of ['Zoë', 'Ада', '花子', 'Mary Ann', 'אדה', 'Ngô Bảo'])
      expect(isGood('strict', name), name).to.equal(true);
  });

  it('refuses numbers and special characters under both rules', () => {
    for (const name of ['R2D2', 'a@b', 'x_y', '<b>', ' Ada', 'Ada ', 'A  B', '😀😀']) {
      expect(isGood('strict', name), name).to.equal(false);
      expect(isGood('relaxed', name), name).to.equal(false);
    }
  });

  it('takes hyphen, apostrophe, dot and one letter when relaxed (F-13)', () => {
    for (const name of ["O'Brien-Smith", 'J.', 'D’Arcy', 'X']) {
      expect(isGood('relaxed', name), name).to.equal(true);
      expect(isGood('strict', name), name).to.equal(false);
    }
  });

  it('has nothing to say about names that are absent or taken away', () => {
    expect(nameFaults('strict', {})).to.deep.equal([]);
    expect(nameFaults('strict', { givenName: null, familyName: null })).to.deep.equal([]);
  });
});
