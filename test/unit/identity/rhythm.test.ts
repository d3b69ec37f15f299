import { expect } from 'chai';
import type { Rhythm } from '../../../src/persistence/collections/heartbeats.js';
import { observe, pulseOf } from '../../../src/identity/watch/rhythm.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** A Monday. */
const begin = Date.parse('2026-03-02T00:00:00.000Z');
const lookMs = 5 * minuteMs;

/** The same numbers each time (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const isWork = (at: number): boolean => {
  const date = new Date(at);
  return date.getUTCDay() % 6 !== 0 && date.getUTCHours() >= 8 && date.getUTCHours() < 17;
};

/** How providers call: the times of one month. */
const rhythms: Readonly<Record<string, (random: () => number, end: number) => number[]>> = {
  'every 40 minutes, as Entra ID': (random, end) => times(end, () => 40 * minuteMs * (0.8 + 0.4 * random())),
  'each night': (random, end) => times(end, () => dayMs * (0.97 + 0.06 * random())),
  'in working hours, as Okta': (random, end) =>
    times(end, () => -Math.log(1 - random()) * 25 * minuteMs).filter(isWork),
  'a few times on working days': (random, end) =>
    times(end, () => (0.5 + random()) * 3 * hourMs).filter(isWork),
};

function times(end: number, gap: () => number): number[] {
  const found: number[] = [];
  for (let at = begin + gap(); at < end; at += gap()) found.push(at);
  return found;
}

/** Looks every five minutes from the first day on. @returns when it was failing first. */
function firstAlarm(calls: readonly number[], end: number): { at: number | undefined; rhythm: Rhythm } {
  let rhythm: Rhythm | undefined;
  let at: number | undefined;
  let next = 0;
  for (let now = begin; now < end; now += lookMs) {
    while ((calls[next] ?? Infinity) <= now) next += 1;
    const last = calls[next - 1];
    rhythm = observe(rhythm, last === undefined ? null : new Date(last), new Date(now));
    if (at === undefined && pulseOf(rhythm, new Date(now)).state === 'failing') at = now;
  }
  return { at, rhythm: rhythm! };
}

describe('the rhythm of a directory', () => {
  const month = begin + 30 * dayMs;
  for (const [name, callsOf] of Object.entries(rhythms)) {
    it(`is learned without a false alarm in 30 days, and its end is told within three gaps: ${name}`, () => {
      for (let seed = 1; seed <= 5; seed += 1) {
        const calls = callsOf(numbers(seed), month);
        const { at, rhythm } = firstAlarm(calls, month);
        expect(at, `seed ${seed}`).to.equal(undefined);
        const gapMs = Math.max(...calls.slice(1).map((call, index) => call - calls[index]!));
        const allowed = Math.max(gapMs, 15 * minuteMs) * 3 + 2 * lookMs;
        const after = new Date(calls.at(-1)! + allowed);
        const looked = observe(rhythm, rhythm.lastAt, new Date(month));
        expect(pulseOf({ ...looked, checkedAt: after }, after).state, `seed ${seed}`).to.equal('failing');
      }
    });
  }

  it('is not known in the first days, and not before a directory called at all', () => {
    const calls = times(begin + 6 * dayMs, () => hourMs);
    const { at, rhythm } = firstAlarm(calls, begin + 12 * dayMs);
    expect(at).to.equal(undefined);
    expect(pulseOf(rhythm, new Date(begin + 12 * dayMs)).state).to.equal('learning');
    expect(pulseOf(observe(undefined, null, new Date(begin)), new Date(begin)).state).to.equal('learning');
  });

  it('counts no silence in which Gatehouse itself was away', () => {
    const calls = times(month, () => hourMs);
    const { rhythm } = firstAlarm(calls, month);
    const back = new Date(month + 3 * dayMs);
    expect(pulseOf(rhythm, back).state).to.equal('failing');
    const looked = observe(rhythm, rhythm.lastAt, back);
    expect(pulseOf(looked, back).state).to.equal('ok');
    const later = new Date(back.getTime() + 3 * hourMs);
    expect(pulseOf({ ...looked, checkedAt: later }, later).state).to.equal('failing');
    const heard = observe({ ...looked, checkedAt: later }, later, new Date(later.getTime() + lookMs));
    expect(Math.max(...heard.days.map(({ seconds }) => seconds))).to.be.greaterThan(3 * 86_400);
  });
});
