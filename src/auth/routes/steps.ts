import type { Request, Response } from 'express';
import type { Core } from '../../identity/core.js';

/** A request and its answer: what the steps of a flow begin with. */
export interface Exchange {
  readonly core: Core;
  readonly req: Request;
  readonly res: Response;
}

/** What a step returns when it has answered the request: no later step runs. */
export const answered = Symbol('answered');
type Answered = typeof answered;

/** What runs the steps so far. */
type Run<In, S> = (start: In) => Promise<S | Answered>;

/** A flow as a list of named steps. Each one adds to what is known, or answers the request and so ends the flow. */
class Steps<In, S> {
  readonly #run: Run<In, S>;

  constructor(run: Run<In, S>) {
    this.#run = run;
  }

  /** @param next - returns what it adds, {@link answered}, or nothing. */
  step<A extends object>(next: (state: S) => Promise<A | Answered> | A): Steps<In, S & A>;
  step(next: (state: S) => Promise<Answered | undefined> | Promise<void>): Steps<In, S>;
  step(next: (state: S) => unknown): Steps<In, S> {
    return new Steps(async (start) => {
      const state = await this.#run(start);
      if (state === answered) return answered;
      const added = await next(state);
      return added === answered ? answered : { ...state, ...(added as object | undefined) };
    });
  }

  /** @returns the whole flow; its last step answers. */
  end(last: (state: S) => Promise<void> | void): (start: In) => Promise<void> {
    return async (start) => {
      const state = await this.#run(start);
      if (state !== answered) await last(state);
    };
  }
}

/** Begins a list of steps. */
export const steps = <In extends Exchange = Exchange>(): Steps<In, In> =>
  new Steps((start) => Promise.resolve(start));
