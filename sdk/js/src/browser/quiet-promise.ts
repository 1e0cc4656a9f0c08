/** A promise whose rejection nobody has to handle. */

const nothing = (): void => undefined;

/**
 * Browsers report `unhandledrejection` for every rejected promise that has no handler, also for
 * those that `then` and `catch` derive. The documented snippet
 * `connectWebSocket().then(...).catch(...)` with `deauthenticate()` right after it would end in
 * such a report when an application leaves the handlers out. So each instance carries a handler
 * of its own from birth, and what is derived from it is of the same kind. Awaiting one still
 * throws as usual.
 */
export class QuietPromise<T> extends Promise<T> {
  /** `super.then` has to give plain promises, else each handler would need a handler. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  constructor(run: (resolve: (value: T | PromiseLike<T>) => void, reject: Reject) => void) {
    super(run);
    super.then(undefined, nothing);
  }

  override then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const plain = super.then(onValue, onError);
    return new QuietPromise<A | B>((resolve, reject) => void plain.then(resolve, reject));
  }
}

type Reject = (reason?: unknown) => void;

/** A promise with its two ends. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes a quiet promise that is settled from outside. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = nothing;
  let reject: (reason: unknown) => void = nothing;
  const promise = new QuietPromise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
