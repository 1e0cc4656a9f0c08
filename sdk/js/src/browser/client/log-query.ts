/** The query of the signed-in user's call log: page after page, no entry twice. */

import {
  CallError,
  ErrorCode,
  asCallError,
  notAuthenticated,
  notInitialized,
} from "../../core/errors.js";
import type { CallLogPage } from "../../wire/protocol.js";
import { answer, type Callback } from "../callback.js";
import { serverLog, type CallLog } from "../direct-call/call-log.js";
import { deferred } from "../quiet-promise.js";
import {
  DEFAULT_LIMIT,
  readFilter,
  readLimit,
  type DirectCallLogListQueryParams,
} from "./log-params.js";

/** What a query works with. */
export interface LogDesk {
  readonly isInitialized: boolean;
  /** The signed-in user's id; null if nobody is. */
  readonly userId: string | null;
  /** Asks the server for a page, as the signed-in user. */
  fetchPage(query: URLSearchParams): Promise<CallLogPage>;
}

/**
 * A query. Applications keep it in proxies and state, so what drives it hangs on a function, as in
 * a call.
 */
export class DirectCallLogListQuery {
  /** @internal */
  declare readonly _pages: () => Pages;

  /** @internal */
  constructor(pages: Pages) {
    Object.defineProperty(this, "_pages", { value: () => pages });
  }

  /** Whether there may be another page; true before the first. */
  get hasNext(): boolean {
    return this._pages().hasNext;
  }

  /** Whether a page is on its way. */
  get isLoading(): boolean {
    return this._pages().isLoading;
  }

  /** Entries of a page, 10 to 100. */
  get limit(): number {
    return this._pages().limit;
  }

  /**
   * The next page, newest calls first; empty after the last. Fails with 1800206 while another is
   * on its way, 1800300 or 1800301 for bad parameters, 1800302 before `init`, 1800303 if nobody or
   * another user is signed in, and with what the server says.
   */
  next(callback?: Callback<CallLog[]>): Promise<CallLog[]> {
    const done = deferred<CallLog[]>();
    this._pages()
      .next()
      .then(done.resolve, (cause: unknown) => {
        done.reject(asCallError(cause, ErrorCode.ERR_REQUEST_FAILED));
      });
    return answer(done.promise, callback);
  }
}

/** Makes a query; bad parameters are told by its `next`. */
export function createLogQuery(
  desk: () => LogDesk,
  params: DirectCallLogListQueryParams | null | undefined,
): DirectCallLogListQuery {
  return new DirectCallLogListQuery(new Pages(desk, { ...params }));
}

/** The pages of one query. */
class Pages {
  hasNext = true;
  isLoading = false;
  private token = "";
  private owner: string | undefined;

  constructor(
    private readonly desk: () => LogDesk,
    private readonly params: DirectCallLogListQueryParams,
  ) {}

  get limit(): number {
    try {
      return readLimit(this.params.limit);
    } catch {
      return DEFAULT_LIMIT;
    }
  }

  async next(): Promise<CallLog[]> {
    if (this.isLoading) {
      const text = "The previous next() is still running.";
      throw new CallError(ErrorCode.ERR_QUERY_IN_PROGRESS, text);
    }
    const desk = this.desk();
    this.assertOwner(desk);
    const query = readFilter(this.params);
    const limit = readLimit(this.params.limit);
    if (!query) this.hasNext = false;
    if (!query || !this.hasNext) return [];
    query.set("limit", String(limit));
    if (this.token) query.set("next", this.token);
    this.isLoading = true;
    try {
      const page = await desk.fetchPage(query);
      this.token = page.next;
      this.hasNext = page.next !== "";
      return page.calls.map(serverLog);
    } finally {
      this.isLoading = false;
    }
  }

  /** A query goes on in one user's log; another's starts with a query of its own. */
  private assertOwner({ isInitialized, userId }: LogDesk): void {
    if (!isInitialized) throw notInitialized();
    if (userId === null) throw notAuthenticated();
    this.owner ??= userId;
    if (this.owner === userId) return;
    throw notAuthenticated("Another user is signed in; make a new query.");
  }
}
