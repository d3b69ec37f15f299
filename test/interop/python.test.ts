import { join } from 'node:path';
import { openChild } from './child.js';
import { describeFlow } from './flow.js';
import { clients, givenPython } from './tools.js';

function describePython(name: string, script: string): void {
  let python = '';
  describeFlow(name, (registration) => openChild(python, [join(clients, script)], registration), {
    prepare: (context) => {
      python = givenPython(context);
    },
  });
}

describePython('Authlib', 'authlib_app.py');
describePython('requests-oauthlib', 'requests_oauthlib_app.py');
