/** Requests that a person waits for: answered, refused, or given up after a while. */

import { CallError, ErrorCode } from "../../core/errors.js";
import type { Reply, Verb } from "../../wire/protocol.js";
import type { Link } from "../link/link.js";

/** A longer wait would look like a dead page; a shorter one gives up on a slow network. */
export const ANSWER_LIMIT_MS = 30_000;

/**
 * Asks, and fails with the server's refusal or, without an answer in time, with 1800203; with
 * 1800204 if the connection is lost at that moment, because then that is why. The request itself
 * goes on waiting for the connection, so it may still be done.
 */
export async function askInTime(link: Link, body: Verb): Promise<Reply> {
  const reply = await inTime(link, link.request(body));
  if (reply.error) throw new CallError(reply.error.code, reply.error.message);
  return reply;
}

/** Waits for an answer, but not for ever. */
export function inTime(link: Link, asked: Promise<Reply>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(noAnswer(link)), ANSWER_LIMIT_MS);
    asked.then(resolve, reject).finally(() => clearTimeout(limit));
  });
}

function noAnswer(link: Link): CallError {
  if (link.open) {
    const text = "The server did not answer in time.";
    return new CallError(ErrorCode.ERR_NO_RESPONSE_DUE_TO_TIMEOUT, text);
  }
  const text = "The connection to the server was lost and did not come back in time.";
  return new CallError(ErrorCode.ERR_REQUEST_FAILED_DUE_TO_WEBSOCKET_CONNECTION_LOST, text);
}
