import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { breathe, type Breathing } from '../../src/persistence/embedded/breath.js';

/** Takes the processor for a millisecond. */
function work(): void {
  const end = performance.now() + 1;
  while (performance.now() < end);
}

describe('long reads of the embedded database', () => {
  const state = { steps: 0 };
  function* long(steps: number, result: string): Breathing<string> {
    for (let step = 0; step < steps; step += 1) {
      work();
      state.steps += 1;
      yield undefined;
    }
    return result;
  }

  it('share one limit for each turn of the event loop, however many they are', async () => {
    const reads = Promise.all(Array.from({ length: 20 }, (_, at) => breathe(long(30, `read ${at}`))));
    const mostSteps: number[] = [];
    let isOver = false;
    void reads.then(() => (isOver = true));
    for (let before = state.steps; !isOver; before = state.steps) {
      await nextTurn();
      mostSteps.push(state.steps - before);
    }
    // One turn at most works 8 ms and a last slice of 2 ms, which ends with the step that passes it.
    expect(Math.max(...mostSteps)).to.be.below(24);
    expect((await reads)[19]).to.equal('read 19');
  });

  it('let a short one that came later end before them', async () => {
    const ended: string[] = [];
    const first = breathe(long(60, 'long')).then((name) => ended.push(name));
    const second = breathe(long(3, 'short')).then((name) => ended.push(name));
    await Promise.all([first, second]);
    expect(ended).to.deep.equal(['short', 'long']);
  });

  it('pass on what goes wrong in the middle, and the others go on', async () => {
    function* broken(): Breathing<string> {
      yield* long(10, '');
      throw new Error('the file is damaged');
    }
    const [failed, whole] = await Promise.allSettled([breathe(broken()), breathe(long(20, 'whole'))]);
    expect(failed).to.have.nested.property('reason.message', 'the file is damaged');
    expect(whole).to.have.property('value', 'whole');
  });
});
