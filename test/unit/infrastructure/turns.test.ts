import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { Turns } from '../../../src/infrastructure/turns.js';
import { refusal } from '../../support/refusal.js';

const answer = (): ServerResponse => new EventEmitter() as unknown as ServerResponse;

describe('turns of work that reads much', () => {
  it('are not given to requests that waited while the answers before them were not read', async () => {
    const turns = new Turns();
    const unread = answer();
    const done: number[] = [];
    // Sent all at once, before any is answered.
    const all = Array.from({ length: 50 }, (_, index) =>
      turns.run('acme', async () => {
        await Promise.resolve();
        turns.noteAnswer('acme', unread, 'x'.repeat(20 * 2 ** 20));
        done.push(index);
      }),
    );
    const results = await Promise.allSettled(all);
    expect(done.length).to.be.below(10);
    const refused = results.find(({ status }) => status === 'rejected')!;
    expect(refused).to.have.nested.property('reason.code', 'server.unavailable');
    expect((await refusal(turns.run('acme', () => Promise.resolve()))).code).to.equal('server.unavailable');
    expect(await turns.run('globex', () => Promise.resolve('served'))).to.equal('served');
    unread.emit('close');
    expect(await turns.run('acme', () => Promise.resolve('served'))).to.equal('served');
  });
});
