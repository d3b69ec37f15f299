import { readFileSync } from 'node:fs';
import { expect } from 'chai';

interface Locked {
  optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, Locked>;
};

describe('package-lock.json', () => {
  it('has the packages of every platform, so that npm ci works on each', () => {
    const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${place}/node_modules/${name}` in packages),
      ),
    );
    expect(missing).to.deep.equal([]);
  });

  it('names no registry', () => {
    expect(JSON.stringify(packages)).not.to.include('"resolved"');
  });
});
