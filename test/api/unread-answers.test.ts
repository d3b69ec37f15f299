import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import request from 'supertest';
import { startApp, type TestApp } from '../support/app.js';

const mebibyte = 2 ** 20;

describe('requests sent one behind the other on one connection', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  const open = async (): Promise<Socket> => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const ask = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: here\r\n${headers}\r\n`;
  const closingAsk = ask('/healthz', 'Connection: close\r\n');

  /** All that comes until the connection ends, by whichever side. */
  async function readToEnd(socket: Socket): Promise<string> {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
    return text;
  }
  const countAnswers = (text: string, status: number): number => text.split(`HTTP/1.1 ${status} `).length - 1;

  it('end the connection when their answers of a megabyte are not read', async () => {
    const size = (await (await fetch(`${app.url}/openapi.json`)).arrayBuffer()).byteLength;
    const asked = Math.ceil((200 * mebibyte) / size);
    const socket = await open();
    try {
      socket.pause();
      socket.write(ask('/openapi.json').repeat(asked));
      // The server has taken the whole of it when it answers what came later.
      for (let n = 0; n < 20; n += 1) await fetch(`${app.url}/healthz`);
      const text = await readToEnd(socket);
      expect(text.length).to.be.below(64 * mebibyte);
      expect(countAnswers(text, 200)).to.be.below(asked);
      expect((await fetch(`${app.url}/healthz`)).status).to.equal(200);
    } finally {
      socket.destroy();
    }
  });

  it('are all answered, in order, when they are read', async () => {
    const socket = await open();
    try {
      socket.write(ask('/healthz').repeat(50) + ask('/openapi.json').repeat(3) + closingAsk);
      const text = await readToEnd(socket);
      expect(countAnswers(text, 200)).to.equal(54);
      expect(text.lastIndexOf('"status":"ok"')).to.be.above(text.lastIndexOf('"openapi"'));
    } finally {
      socket.destroy();
    }
  });
});

describe('what the API says about itself', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  for (const path of ['/openapi.json', '/docs/api']) {
    it(`${path} is sent again only to those who do not have it`, async () => {
      const first = await request(app.url).get(path).expect(200);
      const etag = first.headers['etag']!;
      expect(first.text.length).to.be.above(100_000);
      const again = await request(app.url).get(path).set('If-None-Match', etag).expect(304);
      expect([again.text, again.headers['etag']]).to.deep.equal(['', etag]);
      await request(app.url).get(path).set('If-None-Match', '"another"').expect(200);
    });
  }
});
