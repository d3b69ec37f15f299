import { expect } from 'chai';
import { evaluatePreconditions, toEntityTag } from '../../../src/scim/protocol/etag.js';
import { refusal } from '../../support/scim-protocol.js';

const current = toEntityTag(3);

describe('entity tags (RFC 7644 section 3.14)', () => {
  it('are weak', () => expect(current).to.equal('W/"3"'));

  const cases: [string, string | undefined, string | undefined, boolean, string][] = [
    ['no header', undefined, undefined, false, 'proceed'],
    ['If-Match of the version', 'W/"3"', undefined, false, 'proceed'],
    ['If-Match of the version as a strong tag', '"3"', undefined, false, 'proceed'],
    ['If-Match of the bare version', '3', undefined, false, 'proceed'],
    ['If-Match *', ' * ', undefined, false, 'proceed'],
    ['If-Match of a list', '"1", w/"3"', undefined, false, 'proceed'],
    ['If-Match of another version', 'W/"2"', undefined, false, '412'],
    ['If-Match of nothing', '', undefined, false, '412'],
    ['If-Match of a tag with a comma', '"2,3"', undefined, false, '412'],
    ['If-None-Match of the version on a read', undefined, 'W/"3"', true, 'not-modified'],
    ['If-None-Match * on a read', undefined, '*', true, 'not-modified'],
    ['If-None-Match of another version on a read', undefined, '"2"', true, 'proceed'],
    ['If-None-Match of the version on a write', undefined, '"3"', false, '412'],
  ];
  for (const [title, ifMatch, ifNoneMatch, isRead, expected] of cases) {
    it(`${title}: ${expected}`, () => {
      let outcome = '';
      const code = refusal(
        () => (outcome = evaluatePreconditions({ ifMatch, ifNoneMatch }, current, isRead)),
      );
      expect(code === 'accepted' ? outcome : code).to.equal(expected);
    });
  }

  it('never match a resource that does not exist', () => {
    expect(refusal(() => evaluatePreconditions({ ifMatch: '*' }, undefined, false))).to.equal('412');
    expect(evaluatePreconditions({ ifNoneMatch: '*' }, undefined, false)).to.equal('proceed');
  });

  it('do not match when they are long and malformed', () => {
    for (const ifMatch of ['",'.repeat(8_000), 'W/'.repeat(8_000)]) {
      expect(refusal(() => evaluatePreconditions({ ifMatch }, current, false))).to.equal('412');
    }
  });
});
