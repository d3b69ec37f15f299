import { expect } from 'chai';
import { VersionCache, type Versioned } from '../../../src/infrastructure/version-cache.js';

interface Text extends Versioned {
  readonly text: string;
}

const text = (_id: string, version: number, length = 10): Text => ({
  _id,
  version,
  text: 'x'.repeat(length),
});

describe('a cache of what was made of documents', () => {
  it('finds the version it is asked for and no other', () => {
    const cache = new VersionCache<Text>(2 ** 20, (value) => value.text.length);
    cache.set(text('a', 2));
    expect(cache.get({ _id: 'a', version: 2 })).to.deep.equal(text('a', 2));
    for (const version of [1, 3]) expect(cache.get({ _id: 'a', version })).to.equal(undefined);
    expect(cache.get({ _id: 'b', version: 2 })).to.equal(undefined);
  });

  it('keeps no more bytes than it may, and drops what was not used for longest', () => {
    const cache = new VersionCache<Text>(2 ** 20, (value) => value.text.length);
    for (let i = 0; i < 1000; i++) {
      cache.set(text(`id-${i}`, 1, 2000));
      cache.get({ _id: 'id-0', version: 1 });
    }
    const kept = Array.from({ length: 1000 }, (_, i) => cache.get({ _id: `id-${i}`, version: 1 })).filter(
      Boolean,
    );
    expect(kept.length).to.be.within(300, 524);
    expect(kept[0]?._id).to.equal('id-0');
  });

  it('does not keep one value that is large', () => {
    const cache = new VersionCache<Text>(2 ** 20, (value) => value.text.length);
    cache.set(text('a', 1));
    cache.set(text('a', 2, 10_000));
    for (const version of [1, 2]) expect(cache.get({ _id: 'a', version })).to.equal(undefined);
  });
});
