import { expect } from 'chai';
import fc from 'fast-check';
import { compileFilter } from '../../../src/scim/protocol/filter/match.js';
import { parseFilter } from '../../../src/scim/protocol/filter/parse.js';
import { comparison, evaluate, optional, render, tree, user } from '../../support/filter-trees.js';
import { registry } from '../../support/scim-protocol.js';

describe('filters, against a naive evaluator', () => {
  it('agree for every tree and every user', () => {
    fc.assert(
      fc.property(tree, user, (node, subject) => {
        const filter = render(node);
        fc.pre(filter.length < 4_000);
        expect(compileFilter(parseFilter(filter, registry.user))(subject), filter).to.equal(
          evaluate(node, subject),
        );
      }),
      { numRuns: 1_500 },
    );
  });

  it('are the same whatever the case of names and operators and the spaces between', () => {
    fc.assert(
      fc.property(comparison, user, optional(fc.constantFrom(' ', '   ', '+')), (node, subject, space) => {
        if (node.kind !== 'compare') return;
        const gap = space ?? ' ';
        const variant = [node.name.toUpperCase(), node.op.toUpperCase(), JSON.stringify(node.value)].join(
          gap,
        );
        const [plain, odd] = [render(node), variant].map((filter) =>
          compileFilter(parseFilter(filter, registry.user))(subject),
        );
        expect(odd).to.equal(plain);
      }),
      { numRuns: 300 },
    );
  });
});
