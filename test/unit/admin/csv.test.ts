import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import type { Response } from 'express';
import { sendCsv } from '../../../src/admin/csv.js';

/** What a download of one row holds. */
async function csvOf(row: readonly string[]): Promise<string> {
  const sink = Object.assign(new PassThrough(), { setHeader: () => undefined });
  const chunks: Buffer[] = [];
  sink.on('data', (chunk: Buffer) => chunks.push(chunk));
  sink.once('end', () => sink.emit('close'));
  const reader = { res: sink as unknown as Response, isStillAllowed: () => Promise.resolve(true) };
  await sendCsv(reader, 'x', new Date(0), ['A', 'B'], rowsOf(row));
  return Buffer.concat(chunks).toString('utf8').replace('\ufeff', '');
}

// eslint-disable-next-line @typescript-eslint/require-await -- the exports pull their rows from a store
async function* rowsOf(row: readonly string[]): AsyncGenerator<readonly string[]> {
  yield row;
}

describe('CSV cells', () => {
  const breaks = ['\n', '\r', '\r\n'];
  const formulas = ['=1+1', '+1', '-1', '@SUM(1)', '\t=1', ' =1', '＝1', '＋1', '－1', '＠x'];

  it('never begin a row of their own by a line break: whatever holds one is quoted', async () => {
    for (const lineBreak of breaks) {
      const text = await csvOf([`a${lineBreak}b`, 'c']);
      expect(text, JSON.stringify(lineBreak)).to.equal(`A,B\r\n"a${lineBreak}b",c\r\n`);
    }
  });

  it('are no formula, at their start and after each of their line breaks', async () => {
    for (const formula of formulas) {
      expect(await csvOf([formula, 'x'])).to.contain(`'${formula}`);
      for (const lineBreak of [...breaks, '\n\n', '\u2028', '\u000b', '\u0085']) {
        const text = await csvOf([`a${lineBreak}${formula}`, formula]);
        const at = text.indexOf(`a${lineBreak}`) + 1 + lineBreak.length;
        expect(text.slice(at), JSON.stringify([lineBreak, formula])).to.match(/^'/);
      }
    }
  });

  it('begin no other cell with a formula where a semicolon parts the cells', async () => {
    for (const formula of formulas) {
      for (const cell of [`a;${formula}`, `;${formula}`, `a;b;${formula};c`, `";${formula}`]) {
        const text = await csvOf([cell, 'x']);
        expect(text, cell).to.contain(`;'${formula}`);
      }
    }
    expect(await csvOf(['a;b; c', 'x'])).to.contain('a;b; c');
  });

  it('are otherwise what they were', async () => {
    for (const cell of ['Ada', "O'Brien", 'a=b', 'x+1', 'Zoë-Anne', 'a,b', 'say "x"', '']) {
      const text = await csvOf([cell, 'end']);
      const quoted = /[,"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
      expect(text).to.equal(`A,B\r\n${quoted},end\r\n`);
    }
  });
});
