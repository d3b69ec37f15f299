import { apiDocument } from '../admin/table.js';
import { exitCodes, type Command } from './command.js';
import { readConfig } from './server-core.js';

export const openApiCommand: Command = {
  name: 'openapi',
  summary: 'print the OpenAPI 3.1 document of the API',
  options: {},
  positionals: [],
  run({ terminal }) {
    terminal.out(JSON.stringify(apiDocument(readConfig(terminal).baseUrl), null, 2));
    return Promise.resolve(exitCodes.ok);
  },
};
