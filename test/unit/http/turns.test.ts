import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { inTurn, noteAnswer } from '../../../src/http/turns.js';
import { createLogger } from '../../../src/infrastructure/logger.js';
import { refusal } from '../../support/refusal.js';

const answer = (): ServerResponse => new EventEmitter() as unknown as ServerResponse;

describe('turns of work that reads much', () => {
  it('are not given to requests that waited while the answers before them were not read', async () => {
    const core = { log: createLogger('silent') };
    const unread = answer();
    const done: number[] = [];
    // Sent all at once, before any is answered.
    const all = Array.from({ length: 50 }, (_, index) =>
      inTurn(core, 'acme', async () => {
        await Promise.resolve();
        noteAnswer(core, 'acme', unread, 'x'.repeat(20 * 2 ** 20));
        done.push(index);
      }),
    );
    const results = await Promise.allSettled(all);
    expect(done.length).to.be.below(10);
    const refused = results.find(({ status }) => status === 'rejected')!;
    expect(refused).to.have.nested.property('reason.code', 'server.unavailable');
    expect((await refusal(inTurn(core, 'acme', () => Promise.resolve()))).code).to.equal(
      'server.unavailable',
    );
    expect(await inTurn(core, 'globex', () => Promise.resolve('served'))).to.equal('served');
    unread.emit('close');
    expect(await inTurn(core, 'acme', () => Promise.resolve('served'))).to.equal('served');
  });
});
