import { expect } from 'chai';
import { etagOf, requireMatch } from '../../../src/admin/etag.js';
import { reroot } from '../../../src/admin/reroot.js';
import { AppError } from '../../../src/shared/errors.js';

describe('If-Match', () => {
  it('asks for nothing when it is absent or *', () => {
    expect(requireMatch(undefined, 3)).to.deep.equal({});
    expect(requireMatch(' * ', 3)).to.deep.equal({});
  });

  it('holds the write to the version that one of its tags names, weak or strong', () => {
    for (const header of ['W/"3"', '"3"', '"1", W/"3"', etagOf(3)]) {
      expect(requireMatch(header, 3), header).to.deep.equal({ ifVersion: 3 });
    }
  });

  it('refuses everything else, nonsense included', () => {
    for (const header of ['"4"', '', '3', 'W/3', '"33"', '"3', ',']) {
      expect(() => requireMatch(header, 3), header)
        .to.throw(AppError)
        .with.property('status', 412);
    }
  });
});

describe('rerooting what a rule points at', () => {
  const pointersAfter = async (from: string, to: string, pointers: readonly string[]): Promise<string[]> => {
    const errors = pointers.map((pointer) => ({ pointer, detail: 'x' }));
    const work = (): Promise<void> => Promise.reject(new AppError('input.invalid', 'no', { errors }));
    const error: unknown = await reroot(from, to, work).catch((caught: unknown) => caught);
    return (error as AppError).errors.map((fault) => fault.pointer);
  };

  it('puts a list’s pointers below its place in the body', async () => {
    expect(await pointersAfter('', '/rules', ['/0/when', ''])).to.deep.equal(['/rules/0/when', '/rules']);
  });

  it('takes an index away, and only that one', async () => {
    expect(await pointersAfter('/4', '', ['/4/grant/0', '/44/grant', '/name'])).to.deep.equal([
      '/grant/0',
      '/44/grant',
      '/name',
    ]);
  });

  it('lets everything else through as it is', async () => {
    const bug = new Error('bug');
    expect(await reroot('', '/x', () => Promise.reject(bug)).catch((error: unknown) => error)).to.equal(bug);
    expect(await reroot('', '/x', () => Promise.resolve(7))).to.equal(7);
  });
});
