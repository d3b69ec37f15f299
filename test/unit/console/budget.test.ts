import { readFileSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import { pageScript } from '../../../src/auth/views/script.js';
import { styleSheet } from '../../../src/auth/views/styles.js';

const kilobytes = (bytes: number): number => Math.ceil(bytes / 1000);

describe('what a browser has to load', () => {
  it('before the console shows anything is less than 230 kB of compressed JavaScript', () => {
    const page = readFileSync('dist/console/index.html', 'utf8');
    const scripts = [...new Set([...page.matchAll(/assets\/[^"]+\.js/g)].map(([file]) => file))];
    expect(scripts).to.not.deep.equal([]);
    const sizes = scripts.map((file) => statSync(`dist/console/${file}.gz`).size);
    expect(kilobytes(sizes.reduce((sum, size) => sum + size, 0))).to.be.lessThan(230);
  });

  it('beside a sign-in page is at most 15 kB of compressed style and script', () => {
    const sizes = [styleSheet, pageScript].map((text) => gzipSync(text).length);
    expect(kilobytes(sizes.reduce((sum, size) => sum + size, 0))).to.be.at.most(15);
  });
});
