import { Ajv2020 } from 'ajv/dist/2020.js';
import * as formats from 'ajv-formats';
import { expect } from 'chai';
import { apiDocument } from '../../../src/admin/table.js';

interface Media {
  schema: { $ref?: string };
  example?: unknown;
}
interface Operation {
  operationId: string;
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
}

const document = apiDocument('https://id.example.com') as unknown as {
  paths: Record<string, Record<string, Operation>>;
};
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

describe('the examples of /openapi.json', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  (formats.default as unknown as (instance: Ajv2020) => void)(ajv);
  ajv.addSchema(document, 'api');

  const faultsOf = ({ example, schema }: Media): string => {
    const check = ajv.compile(schema.$ref === undefined ? refsInto(schema) : { $ref: `api${schema.$ref}` });
    return check(example) ? '' : `${ajv.errorsText(check.errors)} in ${JSON.stringify(example)}`;
  };
  const refsInto = (schema: object): object =>
    JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as object;

  for (const { operationId, requestBody, responses } of operations) {
    it(`of ${operationId} are what its schemas take`, () => {
      const request = requestBody?.content['application/json'];
      if (requestBody) {
        expect(request, 'a request body').to.have.property('example');
        expect(request && faultsOf(request)).to.equal('');
      }
      for (const [status, { content }] of Object.entries(responses)) {
        const answer = content?.['application/json'];
        if (!answer) continue;
        expect(answer, status).to.have.property('example');
        expect(faultsOf(answer), status).to.equal('');
      }
    });
  }
});
