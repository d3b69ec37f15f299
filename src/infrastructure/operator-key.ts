/** An operator key that is given from outside: by `OPERATOR_KEY` or in the bootstrap file. */
export const operatorKeyShape = /^gh_op_[\w-]{18,500}$/;

/** The same in words. */
export const operatorKeyRule = 'must be gh_op_ and at least 18 letters, digits, - or _';
