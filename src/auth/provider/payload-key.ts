import { hashToken } from '../../shared/ids.js';

/** Where a payload is stored: the id is a bearer value, so only its hash is. */
export function payloadKey(model: string, id: string): string {
  return `${model}:${hashToken(id)}`;
}
