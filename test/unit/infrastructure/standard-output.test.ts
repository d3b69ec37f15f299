import { expect } from 'chai';
import { createLineOutput } from '../../../src/infrastructure/standard-output.js';

describe('the output of log lines', () => {
  /** A file that takes what `take` says, or throws what it says. */
  function file(take: (bytes: Uint8Array) => number | string) {
    const written: string[] = [];
    const output = createLineOutput((bytes) => {
      const taken = take(bytes);
      if (typeof taken === 'string') throw Object.assign(new Error(taken), { code: taken });
      written.push(Buffer.from(bytes.subarray(0, taken)).toString());
      return taken;
    });
    return { output, text: () => written.join('') };
  }

  it('writes every line once, though the file takes a few bytes at a time', () => {
    const { output, text } = file((bytes) => Math.min(3, bytes.length));
    output.write('one\n');
    output.write('two\n');
    output.flush();
    expect(text()).to.equal('one\ntwo\n');
    expect(output.dropped()).to.equal(0);
  });

  it('keeps lines while the reader is slow, and drops and counts them past a megabyte', () => {
    const state = { isSlow: true };
    const { output, text } = file((bytes) => (state.isSlow ? 'EAGAIN' : bytes.length));
    const line = `${'x'.repeat(999)}\n`;
    for (let i = 0; i < 3000; i += 1) output.write(line);
    expect(output.dropped()).to.be.within(1900, 2000);
    state.isSlow = false;
    output.flush();
    output.flush();
    const kept = text()
      .split('\n')
      .filter((one) => one.startsWith('x')).length;
    expect(kept + output.dropped()).to.equal(3000);
  });

  it('loses lines on a full disk, throws nothing, and tells how many once there is room', () => {
    const state = { isFull: true };
    const { output, text } = file((bytes) => (state.isFull ? 'ENOSPC' : bytes.length));
    for (const line of ['one\n', 'two\n', 'three\n']) {
      output.write(line);
      output.flush();
    }
    expect(output.dropped()).to.equal(3);
    state.isFull = false;
    output.write('four\n');
    output.flush();
    expect(text()).to.match(/"count":3,"msg":"log lines could not be written and are lost"\}\nfour\n$/);
  });
});
