import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { runSliced, type Sliced } from '../../../src/infrastructure/time-slices.js';

/** Takes the processor for a millisecond. */
function work(): void {
  const end = performance.now() + 1;
  while (performance.now() < end);
}

describe('work in slices', () => {
  const state = { steps: 0 };
  function* long(steps: number, result: string): Sliced<string> {
    for (let step = 0; step < steps; step += 1) {
      work();
      state.steps += 1;
      yield undefined;
    }
    return result;
  }

  it('share one limit for each turn of the event loop, however many they are', async () => {
    const reads = Promise.all(Array.from({ length: 20 }, (_, at) => runSliced(long(30, `read ${at}`))));
    const mostSteps: number[] = [];
    const end = { isReached: false };
    void reads.then(() => (end.isReached = true));
    for (let before = state.steps; !end.isReached; before = state.steps) {
      await nextTurn();
      mostSteps.push(state.steps - before);
    }
    // One turn at most works 8 ms and a last slice of 2 ms, which ends with the step that passes it.
    expect(Math.max(...mostSteps)).to.be.below(24);
    expect((await reads)[19]).to.equal('read 19');
  });

  it('let a short one that came later end before them', async () => {
    const ended: string[] = [];
    const first = runSliced(long(60, 'long')).then((name) => ended.push(name));
    const second = runSliced(long(3, 'short')).then((name) => ended.push(name));
    await Promise.all([first, second]);
    expect(ended).to.deep.equal(['short', 'long']);
  });

  it('pass on what goes wrong in the middle, and the others go on', async () => {
    function* broken(): Sliced<string> {
      yield* long(10, '');
      throw new Error('the file is damaged');
    }
    const [failed, whole] = await Promise.allSettled([runSliced(broken()), runSliced(long(20, 'whole'))]);
    expect(failed).to.have.nested.property('reason.message', 'the file is damaged');
    expect(whole).to.have.property('value', 'whole');
  });
});
