/** Reads the parameters of a call-log query into what the server is asked. */

import { DirectCallEndResult, DirectCallUserRole } from "../../core/enums.js";
import { invalidType, invalidValue } from "../../core/errors.js";

/** The parameters of `createDirectCallLogListQuery`; each may be left out. */
export interface DirectCallLogListQueryParams {
  /** `dc_caller` or `dc_callee`; both if left out. */
  myRole?: string | null;
  /** Any of these results, upper or lower case; all if left out or empty. */
  endResults?: string[] | null;
  /** Entries of a page, 10 to 100; others are taken as the nearest. 20 if left out. */
  limit?: number | null;
  /** Calls dialled at this time or later: Unix milliseconds, or seconds. */
  startedAt?: number | null;
  /** Calls dialled at this time or earlier: Unix milliseconds, or seconds. */
  endedAt?: number | null;
  /** The same as `startedAt`. */
  start_ts?: number | null;
  /** The same as `endedAt`. */
  end_ts?: number | null;
}

/** Entries of a page unless set. */
export const DEFAULT_LIMIT = 20;
const MIN_LIMIT = 10;
const MAX_LIMIT = 100;
/**
 * A time below this counts seconds: as milliseconds it would lie in March 1973, as seconds in the
 * year 5138. The documents name both units for these parameters.
 */
const SECONDS_BELOW = 100_000_000_000;

/** Results of a device alone: no call in the server's log ended with one of them. */
const NEVER_LOGGED = new Set<string>([
  DirectCallEndResult.DIAL_FAILED,
  DirectCallEndResult.ACCEPT_FAILED,
  DirectCallEndResult.UNKNOWN,
]);
const RESULTS = new Set<string>(Object.values(DirectCallEndResult));
const ROLES = new Set<string>(Object.values(DirectCallUserRole));

/** The entries of a page: what the documents allow, or the nearest to what was asked. */
export function readLimit(value: unknown): number {
  if (value === undefined || value === null) return DEFAULT_LIMIT;
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw invalidType("limit must be a number.");
  }
  return Math.min(MAX_LIMIT, Math.max(MIN_LIMIT, Math.round(value)));
}

/** The filter as the server takes it; undefined for one that no logged call can pass. */
export function readFilter(params: DirectCallLogListQueryParams): URLSearchParams | undefined {
  const filter = new URLSearchParams();
  const { myRole, endResults } = params;
  let isEmpty = false;
  if (myRole) filter.set("my_role", readWord(myRole, ROLES, "myRole"));
  if (endResults) {
    if (!Array.isArray(endResults)) throw invalidType("endResults must be an array of strings.");
    const words = endResults.map((one) => readWord(one, RESULTS, "endResults"));
    const logged = new Set(words.filter((word) => !NEVER_LOGGED.has(word)));
    if (logged.size > 0) filter.set("end_results", [...logged].join(","));
    isEmpty = words.length > 0 && logged.size === 0;
  }
  const from = readTime(params.startedAt ?? params.start_ts, "startedAt");
  const to = readTime(params.endedAt ?? params.end_ts, "endedAt");
  if (from !== undefined) filter.set("started_from", String(from));
  if (to !== undefined) filter.set("started_to", String(to));
  return isEmpty ? undefined : filter;
}

function readWord(value: unknown, known: ReadonlySet<string>, name: string): string {
  if (typeof value !== "string") throw invalidType(`${name} must be made of strings.`);
  const word = value.toLowerCase();
  if (known.has(word)) return word;
  throw invalidValue(`${name} does not know ${JSON.stringify(value)}.`);
}

function readTime(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw invalidType(`${name} must be a number.`);
  if (!Number.isFinite(value) || value < 0) throw invalidValue(`${name} must be a time.`);
  return Math.round(value < SECONDS_BELOW ? value * 1_000 : value);
}
