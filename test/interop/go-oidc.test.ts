import { openChild } from './child.js';
import { describeFlow } from './flow.js';
import { givenGoOidc } from './tools.js';

let program = '';
describeFlow('go-oidc', (registration) => openChild(program, [], registration), {
  prepare: (context) => {
    program = givenGoOidc(context);
  },
});
