import type { Doc } from '../document.js';
import { translate } from './failures.js';
import { get } from './operations.js';
import { filterOf, sessionOf, type View } from './query.js';

type Look = readonly [view: View, id: string];
type Found = [Doc | undefined, Doc | undefined];

const seenKey = ([view, id]: Look): string => `${view.name}/${id}`;

/**
 * Two documents by their ids: in one message to the server, and in a transaction in two, since MongoDB takes no `$unionWith` there.
 *
 * What was read or written before is not fetched again, as by {@link get}.
 */
export async function getBoth(first: Look, second: Look): Promise<Found> {
  const looks = [first, second];
  if (first[0].session || looks.some((look) => look[0].seen?.has(seenKey(look))))
    return [await get(...first), await get(...second)];
  const [a, b] = looks.map(([view, id], at) => [
    { $match: filterOf(view, { _id: id }) },
    { $project: { _id: 0, at: { $literal: at }, document: '$$ROOT' } },
  ]);
  const union = { $unionWith: { coll: second[0].name, pipeline: b } };
  const found: Found = [undefined, undefined];
  try {
    const rows = await first[0].model.collection
      .aggregate<{ at: 0 | 1; document: Doc }>([...(a ?? []), union], sessionOf(first[0]))
      .toArray();
    for (const { at, document } of rows) found[at] = document;
  } catch (error) {
    throw translate(error, first[0].name);
  }
  looks.forEach((look, at) => {
    const document = found[at];
    if (document) look[0].seen?.set(seenKey(look), document);
  });
  return found;
}
