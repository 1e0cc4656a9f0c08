/** The two forms of an answer: a promise, and a callback whose result comes first. */

import { contain } from "./log.js";

/** A callback of the documented form. */
export type Callback<T> = (result: T | null, error: Error | null) => void;

/**
 * Calls the callback when the quiet promise `source` is settled. Without one the caller gets an
 * ordinary promise, so that a forgotten failure shows; with one it stays quiet, because the
 * failure was told already.
 */
export function answer<T>(source: Promise<T>, callback: Callback<T> | undefined): Promise<T> {
  if (typeof callback !== "function") {
    return new Promise<T>((resolve, reject) => void source.then(resolve, reject));
  }
  void source.then(
    (result) => contain("a callback", () => callback(result, null)),
    (error: unknown) => contain("a callback", () => callback(null, error as Error)),
  );
  return source;
}
