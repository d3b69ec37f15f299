/**
 * A rule for what neither the compiler nor another rule sees: a step of a transaction that is called and never run, because its `yield*`
 * (or the star of it) was forgotten. It is the "forgotten await" of generators.
 */
const generators = new Set(['Generator', 'AsyncGenerator']);

/** Whether a value of this type may be a generator. */
function isGenerator(type) {
  return (type.types ?? [type]).some((part) => generators.has(part.getSymbol()?.name));
}

const rule = {
  meta: {
    type: 'problem',
    docs: { description: 'Refuse a generator that is made and never run' },
    schema: [],
    messages: {
      idle: 'This generator is made and never run: write `yield*` before it.',
      star: 'This hands out the generator itself: write `yield*` to run it.',
    },
  },
  create(context) {
    const { parserServices } = context.sourceCode;
    const report = (node, messageId) => {
      if (isGenerator(parserServices.getTypeAtLocation(node))) context.report({ node, messageId });
    };
    return {
      ExpressionStatement: ({ expression }) => report(expression, 'idle'),
      'UnaryExpression[operator="void"]': ({ argument }) => report(argument, 'idle'),
      'YieldExpression[delegate=false][argument]': ({ argument }) => report(argument, 'star'),
    };
  },
};

export default { rules: { 'no-idle-generator': rule } };
