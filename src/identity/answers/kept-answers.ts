import type { KeptAnswerDocument } from '../../persistence/collections/kept-answers.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { hashToken } from '../../shared/ids.js';
import type { Actor, Core } from '../core.js';

/** What an answer is sealed for. */
const keptAnswerSeal = 'kept-answer';

/** For how long the same key gets the same answer. */
const keptMs = 86_400_000;
/** Longer than a request takes: after that one without an answer is taken for lost, with its process. */
const leaseMs = 60_000;

/** An answer as it goes out. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** JSON; absent: none. */
  text?: string;
}

/** A request that its caller may send again. */
export interface Repeatable {
  /** As the caller chose it. */
  key: string;
  /** All that decides what is asked: method, address and body. */
  question: string;
}

const idOf = ({ party, tenantId }: Actor, key: string): string =>
  hashToken(JSON.stringify([tenantId, party.type, party.id, key]));

/** What there is of an earlier request with the key: undefined: nothing, and the key is taken now. */
function* takeKey(
  stored: KeptAnswerDocument | undefined,
  fresh: Omit<KeptAnswerDocument, 'version' | 'createdAt' | 'updatedAt'>,
  now: Date,
  write: { insert(): Step<unknown>; renew(): Step<unknown> },
): Step<KeptAnswerDocument | undefined> {
  if (!stored) {
    yield* write.insert();
    return undefined;
  }
  if (stored.question !== fresh.question)
    throw new AppError('idempotency.mismatch', 'this Idempotency-Key was sent with another request before');
  if (stored.answer !== undefined) return stored;
  if (stored.leasedUntil > now)
    throw new AppError('idempotency.running', 'the request with this Idempotency-Key is under way', {
      retryAfterSeconds: 1,
    });
  yield* write.renew();
  return undefined;
}

/**
 * Answers a request once: again with the same key within 24 hours it gets the same answer, and nothing is done. A request that is refused
 * leaves the key free.
 *
 * @returns the answer, and whether it is an earlier one.
 * @throws AppError `idempotency.mismatch` for another request with the key, `idempotency.running` for one that is under way; what `work` throws.
 */
export async function answerOnce(
  core: Core,
  actor: Actor,
  { key, question }: Repeatable,
  work: () => Promise<Answer>,
): Promise<{ answer: Answer; isRepeated: boolean }> {
  const { tenantId, party } = actor;
  const now = core.clock.now();
  const fresh = {
    _id: idOf(actor, key),
    tenantId,
    question: hashToken(question),
    leasedUntil: new Date(now.getTime() + leaseMs),
    ...(party.type === 'user' && { userId: party.id }),
    expiresAt: new Date(now.getTime() + keptMs),
  };
  const answers = core.store.tenant(tenantId).collection('kept_answers');
  const earlier = await core.store.transaction(function* (tx) {
    const kept = tx.tenant(tenantId).collection('kept_answers');
    return yield* takeKey(yield* kept.get(fresh._id), fresh, now, {
      insert: () => kept.insert(fresh),
      renew: () => kept.update(fresh._id, (stored) => ({ ...stored, ...fresh })),
    });
  });
  if (earlier?.answer !== undefined)
    return {
      answer: JSON.parse(core.secretBox.open(keptAnswerSeal, earlier.answer)) as Answer,
      isRepeated: true,
    };
  try {
    const answer = await work();
    const sealed = core.secretBox.seal(keptAnswerSeal, JSON.stringify(answer));
    await answers.update(fresh._id, (stored) => ({ ...stored, answer: sealed }));
    return { answer, isRepeated: false };
  } catch (error) {
    await answers.remove(fresh._id);
    throw error;
  }
}
