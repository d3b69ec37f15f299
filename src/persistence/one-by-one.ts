import type { GetBoth, Reader } from './store.js';

/** Two documents as one step where a look costs no round trip: one after the other. */
export const oneByOne = (tenant: Reader['tenant']): GetBoth =>
  function* (first, second) {
    const found = yield* tenant(first.tenantId).collection(first.collection).get(first.id);
    return [found, yield* tenant(second.tenantId).collection(second.collection).get(second.id)];
  };
