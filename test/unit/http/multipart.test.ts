import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import express, { type NextFunction, type Request, type Response } from 'express';
import { multipartForm } from '../../../src/http/multipart.js';

const maxBytes = 512 * 1024;
const part = (disposition: string, value: string) =>
  `--x\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
const file = (name: string, value: string) => part(`name="${name}"; filename="me.png"`, value);
const end = '--x--\r\n';

describe('a form with a file', () => {
  let server: Server;
  let port: number;

  before(async () => {
    const app = express();
    app.post('/', multipartForm(maxBytes), (req: Request, res: Response) => {
      const fields = Object.entries(req.body as Record<string, string | Uint8Array>);
      res.json(fields.map(([name, value]) => [name, typeof value, value.length]));
    });
    app.use((error: { status: number }, _req: Request, res: Response, _next: NextFunction) => {
      res.status(error.status).end();
    });
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const send = (body: string, type = 'multipart/form-data; boundary=x'): Promise<globalThis.Response> =>
    fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, headers: { 'content-type': type } });

  it('is read: texts and bytes, by the names of their fields', async () => {
    const answer = await send(part('name="_csrf"', 'a token') + file('picture', '\0\r\n--y') + end);
    expect(await answer.json()).to.deep.equal([
      ['_csrf', 'string', 7],
      ['picture', 'object', 6],
    ]);
    const form = new FormData();
    form.set('picture', new File([new Uint8Array(100_000)], 'größe.png'));
    const sent = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: form });
    expect(await sent.json()).to.deep.equal([['picture', 'object', 100_000]]);
    expect(await (await send(file('__proto__', 'x') + end)).json()).to.deep.equal([
      ['__proto__', 'object', 1],
    ]);
  });

  const long = 'a'.repeat(100_000);
  const hostile: Record<string, [body: string, status: number, type?: string]> = {
    'names no boundary': [file('picture', 'x') + end, 400, 'multipart/form-data'],
    'names an empty boundary': [file('picture', 'x') + end, 400, 'multipart/form-data; boundary='],
    'has another boundary': [file('picture', 'x') + end, 400, 'multipart/form-data; boundary=y'],
    'has nothing in it': ['no form', 400],
    'has a part that never ends': [file('picture', long), 400],
    'has a skipped part that never ends': [`--x\r\n\r\n${long}`, 400],
    'ends within the head of a part': ['--x\r\ncontent-disposition: form-data; name="a', 400],
    'has 10,000 fields': [
      part('name="a"', '')
        .repeat(10_000)
        .slice(0, maxBytes - 10) + end,
      400,
    ],
    'has 11 fields': [part('name="a"', '1').repeat(11) + end, 400],
    'has two files': [file('picture', '1') + file('picture', '2') + end, 400],
    'has a text that is too long': [part('name="a"', long) + end, 400],
    'has too many bytes': [file('picture', 'a'.repeat(maxBytes)) + end, 413],
  };
  for (const [what, [body, status, type]] of Object.entries(hostile))
    it(`is refused at once when it ${what}`, async () => {
      expect((await send(body, type)).status).to.equal(status);
      expect((await send(file('picture', 'x') + end)).status).to.equal(200);
    });

  it('is read past a long part without a head, as nothing', async () => {
    const answer = await send(`--x\r\n; filename*=utf-8''x\r\n\r\n${long}\r\n${end}`);
    expect([answer.status, await answer.json()]).to.deep.equal([200, []]);
  });

  /** The first line of the answer to a body whose length was told wrong. */
  async function sendAs(length: number, body: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    const head = `POST / HTTP/1.1\r\nHost: here\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: ${length}`;
    socket.write(`${head}\r\n\r\n${body}`);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return chunk.toString().split('\r\n')[0] ?? '';
  }

  it('is refused when its length is told too short', async () => {
    const body = file('picture', 'x') + end;
    expect(await sendAs(body.length - 20, body)).to.equal('HTTP/1.1 400 Bad Request');
  });

  it('is let go when the sender leaves before the end that was told', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST / HTTP/1.1\r\nHost: here\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 900\r\n\r\n${file('a', 'x')}`,
    );
    await once(socket, 'connect');
    socket.destroy();
    expect((await send(file('picture', 'x') + end)).status).to.equal(200);
  });
});
