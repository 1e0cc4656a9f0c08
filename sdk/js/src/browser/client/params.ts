/** Reads what applications pass: numbers serve as ids, nothing and "" mean no token. */

import { CallError, ErrorCode } from "../../core/errors.js";
import type { DirectCallOption } from "../direct-call/direct-call.js";

/** The parameters of `authenticate`. */
export interface AuthOption {
  userId: string | number;
  accessToken?: string | null;
}

/** The parameters of `dial`. */
export interface DialParams {
  userId: string | number;
  isVideoCall?: boolean;
  callOption?: DirectCallOption | null;
  customItems?: { [key: string]: string } | null;
  sendBirdChatOptions?: { channelUrl?: string };
  holdActiveCall?: boolean;
}

/** An id: a string that is not empty, or a number taken as one. */
export function readId(value: unknown, name: string): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") {
    throw new CallError(ErrorCode.INVALID_PARAMETER_TYPE, `${name} must be a string.`);
  }
  if (value === "") {
    throw new CallError(ErrorCode.INVALID_PARAMETER_VALUE, `${name} must not be empty.`);
  }
  return value;
}

/** A token, or undefined for none. */
export function readToken(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  throw new CallError(ErrorCode.INVALID_PARAMETER_TYPE, "accessToken must be a string.");
}

/** Custom items: a map of strings. */
export function readCustomItems(value: unknown): { [key: string]: string } {
  if (value === undefined || value === null) return {};
  const entries = typeof value === "object" ? Object.entries(value) : undefined;
  if (!entries || entries.some(([, item]) => typeof item !== "string")) {
    const text = "customItems must be an object whose values are strings.";
    throw new CallError(ErrorCode.INVALID_PARAMETER_TYPE, text);
  }
  return Object.fromEntries(entries) as { [key: string]: string };
}

/** Whole seconds within what the server takes. */
export function readSeconds(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new CallError(ErrorCode.INVALID_PARAMETER_TYPE, `${name} must be a number of seconds.`);
  }
  const seconds = Math.round(value);
  if (seconds < 1 || seconds > 600) {
    throw new CallError(ErrorCode.INVALID_PARAMETER_VALUE, `${name} must be 1 to 600 seconds.`);
  }
  return seconds;
}
