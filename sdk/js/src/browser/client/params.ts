/** Reads what applications pass: numbers serve as ids, nothing and "" mean no token. */

import { invalidType, invalidValue } from "../../core/errors.js";
import type { DirectCallOption } from "../direct-call/direct-call.js";

/** The parameters of `authenticate`. */
export interface AuthOption {
  /** The user's id. */
  userId: string | number;
  accessToken?: string | null;
}

/** The parameters of `dial`. */
export interface DialParams {
  /** The user's id. */
  userId: string | number;
  /** A call with video; without unless said. */
  isVideoCall?: boolean;
  /** This side's media. */
  callOption?: DirectCallOption | null;
  /** At most 10; keys and values of at most 128 characters, no comma in a key. */
  customItems?: { [key: string]: string } | null;
  /** Taken and not used: there is no chat here. */
  sendBirdChatOptions?: { channelUrl?: string };
  /** Puts the other active calls of this device on hold. */
  holdActiveCall?: boolean;
}

/** An id: a string that is not empty, or a number taken as one. */
export function readId(value: unknown, name: string): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") {
    throw invalidType(`${name} must be a string.`);
  }
  if (value === "") {
    throw invalidValue(`${name} must not be empty.`);
  }
  return value;
}

/** A token, or undefined for none. */
export function readToken(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  throw invalidType("accessToken must be a string.");
}

/** Whole seconds within what the server takes. */
export function readSeconds(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw invalidType(`${name} must be a number of seconds.`);
  }
  const seconds = Math.round(value);
  if (seconds < 1 || seconds > 600) {
    throw invalidValue(`${name} must be 1 to 600 seconds.`);
  }
  return seconds;
}
