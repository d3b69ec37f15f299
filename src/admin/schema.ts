import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';

/** zod with `.openapi(name)`, which gives a schema its name in the OpenAPI document. The API's modules take `z` from here. */
extendZodWithOpenApi(z);

export { z };
