import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed } from './definition.js';

export const heartbeatKinds = ['connection', 'directory'] as const;
export type HeartbeatKind = (typeof heartbeatKinds)[number];

/** `waiting`: not looked at yet; `learning`: too little is known to say; `off`: it is not in use. */
export const heartbeatStates = ['waiting', 'ok', 'failing', 'learning', 'off'] as const;
export type HeartbeatState = (typeof heartbeatStates)[number];

/** One thing that was looked at. */
export interface HeartbeatCheck {
  name: string;
  ok: boolean;
  detail: string;
}

/** When a directory calls, as it was learned: the longest silence of each day of four weeks. */
export interface Rhythm {
  /** Since when it is looked at without a break. */
  watchedSince: Date;
  checkedAt: Date;
  firstAt: Date | null;
  lastAt: Date | null;
  /** Silences that were seen. */
  gaps: number;
  days: { day: string; seconds: number }[];
}

/** How one SSO connection or directory does; `_id` is its id. */
export interface HeartbeatDocument extends StoredDocument {
  kind: HeartbeatKind;
  state: HeartbeatState;
  /** Since when it is in this state. */
  since: Date;
  checks: HeartbeatCheck[];
  /** Checks in a row that failed. */
  failures: number;
  checkedAt: Date | null;
  nextAt: Date;
  /** Of directories that push. */
  rhythm?: Rhythm | null;
}

export const heartbeatSchema = defineCollection<HeartbeatDocument>(
  'heartbeats',
  {
    kind: { type: String, required: true, enum: heartbeatKinds },
    state: { type: String, required: true, enum: heartbeatStates },
    since: { type: Date, required: true },
    checks: { type: [Mixed], required: true },
    failures: { type: Number, required: true },
    checkedAt: Date,
    nextAt: { type: Date, required: true },
    rhythm: Mixed,
  },
  [
    { name: 'heartbeats_by_id', key: { tenantId: 1, kind: 1, _id: 1 } },
    { name: 'heartbeats_due', key: { nextAt: 1 } },
    { name: 'heartbeats_state', key: { kind: 1, state: 1 } },
  ],
);
