import { expect } from 'chai';
import { createFairQueue, type Turn } from '../../../src/infrastructure/fair-queue.js';
import { defaultHashesAtOnce } from '../../../src/infrastructure/password-hash.js';
import { AppError } from '../../../src/shared/errors.js';

/** Work that ends when told, so that the order is the queue's alone. */
function openQueue(atOnce = 1) {
  const queue = createFairQueue(atOnce);
  const served: string[] = [];
  const refused: AppError[] = [];
  const ends: (() => void)[] = [];
  const ask = (name: string, turn: Turn): Promise<void> =>
    queue
      .run(turn, async () => {
        served.push(name);
        await new Promise<void>((resolve) => ends.push(resolve));
      })
      .catch((error: unknown) => {
        if (!(error instanceof AppError)) throw error;
        refused.push(error);
      });
  const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    served,
    refused,
    ask,
    tick,
    finish: async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 1) {
        ends.shift()?.();
        await tick();
      }
    },
  };
}

const from = (address: string, account: string, rest: Partial<Turn> = {}): Turn => ({
  keys: [`address:${address}`, `account:${account}`],
  ...rest,
});

describe('fair queue', () => {
  it('runs no more at once than it is told', async () => {
    const { ask, served, finish, tick } = openQueue(2);
    const all = ['a', 'b', 'c'].map((name) => ask(name, from(name, name)));
    await tick();
    expect(served).to.deep.equal(['a', 'b']);
    await finish(3);
    await Promise.all(all);
    expect(served).to.deep.equal(['a', 'b', 'c']);
  });

  for (const [what, turnOf] of [
    ['one address for many accounts', (index: number) => from('flood', `account ${index}`)],
    ['many addresses for one account', (index: number) => from(`address ${index}`, 'victim')],
  ] as const) {
    it(`serves somebody else soon while ${what} flood it`, async () => {
      const { ask, served, finish, tick } = openQueue();
      const flood = Array.from({ length: 50 }, (_, index) => ask('flood', turnOf(index)));
      await tick();
      const honest = ask('honest', from('office', 'ada'));
      await finish(3);
      expect(served).to.include('honest');
      await finish(60);
      await Promise.all([...flood, honest]);
      expect(served).to.have.length(51);
    });
  }

  it('starves nobody: each of several floods gets its share, and the first to come its end', async () => {
    const { ask, served, finish, tick } = openQueue();
    const all = ['a', 'b', 'c'].flatMap((name) =>
      Array.from({ length: 20 }, (_, index) => ask(name, from(name, `${name} ${index}`))),
    );
    await tick();
    await finish(30);
    for (const name of ['a', 'b', 'c'])
      expect(served.filter((one) => one === name).length).to.be.within(8, 13);
    await finish(60);
    await Promise.all(all);
  });

  it('refuses who would wait too long with 503 and a time, and still takes others', async () => {
    const { ask, served, refused, finish, tick } = openQueue();
    const flood = Array.from({ length: 40 }, (_, index) =>
      ask('flood', from('flood', `account ${index}`, { waitSeconds: 1 })),
    );
    await tick();
    expect(refused.length).to.be.greaterThan(10);
    for (const error of refused) {
      expect(error).to.include({ code: 'server.busy', status: 503 });
      expect(error.retryAfterSeconds).to.be.within(1, 60);
    }
    const honest = ask('honest', from('office', 'ada', { waitSeconds: 1 }));
    await finish(3);
    expect(served).to.include('honest');
    await finish(60);
    await Promise.all([...flood, honest]);
  });

  it('keeps no more than two thousand waiting: the last in line gives way to others', async () => {
    const { ask, served, refused, finish, tick } = openQueue();
    const patient = ask('own', { keys: ['server'] });
    const flood = Array.from({ length: 2100 }, () =>
      ask('flood', from('flood', 'one', { waitSeconds: 600 })),
    );
    await tick();
    const others = Array.from({ length: 5 }, (_, index) =>
      ask('honest', from(`office ${index}`, `ada ${index}`, { waitSeconds: 600 })),
    );
    await tick();
    expect(refused).to.have.length(105);
    await finish(10);
    expect(served.filter((name) => name === 'honest')).to.have.length(5);
    await finish(2200);
    await Promise.all([patient, ...flood, ...others]);
  });

  it('refuses nothing of the server’s own', async () => {
    const { ask, served, refused, finish, tick } = openQueue();
    const all = Array.from({ length: 300 }, () => ask('own', { keys: ['server'] }));
    await tick();
    await finish(300);
    await Promise.all(all);
    expect([served.length, refused.length]).to.deep.equal([300, 0]);
  });

  it('goes on after work that failed', async () => {
    const queue = createFairQueue(1);
    const failed = queue.run({ keys: ['a'] }, () => Promise.reject(new Error('no')));
    const next = queue.run({ keys: ['a'] }, () => Promise.resolve('yes'));
    expect(await failed.catch((error: unknown) => (error as Error).message)).to.equal('no');
    expect(await next).to.equal('yes');
  });
});

describe('hashes at once', () => {
  it('leave a core free, and one of the four threads that the database writes with', () => {
    const found = [1, 2, 3, 4, 5, 8, 64].map((cores) => defaultHashesAtOnce(cores));
    expect(found).to.deep.equal([1, 1, 2, 3, 3, 3, 3]);
  });
});
