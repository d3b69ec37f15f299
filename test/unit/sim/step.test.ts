import { expect } from 'chai';
import {
  bodyOf,
  faultsOf,
  fill,
  isDue,
  remember,
  UnknownPlaceholder,
  type Memory,
  type Step,
} from '../../../src/sim/step.js';

const step: Step = { note: '', method: 'GET', path: '/Users', expect: { status: [200] } };

describe('simulator steps', () => {
  it('fills placeholders in texts, keys and nested values from what is remembered', () => {
    const memory: Memory = new Map([['ada.l', { id: '7', name: { familyName: 'Lovelace' } }]]);
    expect(
      fill({ path: 'members[value eq "{{ada.l.id}}"]', value: [{ value: '{{ada.l.id}}' }] }, memory),
    ).to.deep.equal({
      path: 'members[value eq "7"]',
      value: [{ value: '7' }],
    });
  });

  it('refuses a placeholder nobody has answered yet', () => {
    expect(() => fill('/Users/{{ada.id}}', new Map())).to.throw(UnknownPlaceholder, '{{ada.id}}');
  });

  it('lays a body over the remembered resource for GET, change, PUT', () => {
    const memory: Memory = new Map([['ada', { id: '7', title: 'Old', active: true }]]);
    expect(bodyOf({ ...step, over: 'ada', body: { title: 'New' } }, memory)).to.deep.equal({
      id: '7',
      title: 'New',
      active: true,
    });
  });

  it('sends a conditional step only while its name is known, or unknown', () => {
    const memory: Memory = new Map([['ada', {}]]);
    expect(isDue({ ...step, when: { known: 'ada' } }, memory)).to.equal(true);
    expect(isDue({ ...step, when: { unknown: 'ada' } }, memory)).to.equal(false);
    expect(isDue({ ...step, when: { unknown: 'grace' } }, memory)).to.equal(true);
  });

  it('remembers of a list the one resource that says what is looked for, and forgets it when none does', () => {
    const memory: Memory = new Map();
    const search = { ...step, find: 'ada', where: { userName: 'ada' } };
    const answer = (...names: string[]) => ({
      status: 200,
      ms: 1,
      body: { Resources: names.map((userName) => ({ userName })) },
    });
    remember(search, answer('grace', 'ada'), memory);
    expect(memory.get('ada')).to.deep.equal({ userName: 'ada' });
    remember(search, answer('grace'), memory);
    expect(memory.has('ada')).to.equal(false);
  });

  it('names each unexpected status, value and leaked attribute', () => {
    const strict: Step = {
      ...step,
      expect: { status: [200, 204], body: { 'emails.0.value': 'a@b' }, absent: ['password'] },
    };
    const judge = (status: number, body: unknown): string[] =>
      faultsOf(strict, { status, body, ms: 1 }, new Map());
    expect(judge(404, { detail: 'no such user' })).to.deep.equal(['answered 404 "no such user"']);
    expect(judge(200, { emails: [{ value: 'x' }], password: 'p' })).to.deep.equal([
      'emails.0.value is "x", not "a@b"',
      'password must not be in the answer',
    ]);
    expect(judge(204, undefined)).to.deep.equal([]);
  });

  it('remembers the first resource of a list and forgets the name when there is none', () => {
    const memory: Memory = new Map();
    const lookup: Step = { ...step, find: 'ada' };
    remember(lookup, { status: 200, body: { Resources: [{ id: '7' }] }, ms: 1 }, memory);
    expect(memory.get('ada')).to.deep.equal({ id: '7' });
    remember(lookup, { status: 200, body: { totalResults: 0 }, ms: 1 }, memory);
    expect(memory.has('ada')).to.equal(false);
  });
});
