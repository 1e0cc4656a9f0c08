/** Finds the call in what a webhook or a push carried. */

import { invalidType, invalidValue } from "../../core/errors.js";

/** Names under which the data of a call is wrapped on its way through webhooks and pushes. */
const WRAPPERS = ["sendbird_call", "sendbirdCall", "command", "payload", "direct_call", "data"];
const ID_NAMES = ["call_id", "callId"];
/** Wrappers in one another; more than any known way has. */
const MAX_DEPTH = 8;
/** Characters of an id that the server makes, at most. */
const MAX_ID_CHARS = 64;

/**
 * The id of the call. Takes the `sendbird_call` object itself or what wraps it, each as an object
 * or as JSON text. Throws 1800301 for what is no object, 1800300 for one without a call id.
 */
export function readWebhookData(data: unknown): string {
  const found = findId(asObject(data), MAX_DEPTH);
  if (found === undefined) {
    throw invalidValue("The data has no call id; pass the sendbird_call of a webhook or push.");
  }
  return found;
}

function findId(data: object, depth: number): string | undefined {
  const fields = data as { [name: string]: unknown };
  for (const name of ID_NAMES) {
    const id = fields[name];
    if (id === undefined) continue;
    if (typeof id !== "string") throw invalidType(`${name} must be a string.`);
    if (id === "" || id.length > MAX_ID_CHARS) throw invalidValue(`${name} is not a call's id.`);
    return id;
  }
  if (depth === 0) return undefined;
  for (const name of WRAPPERS) {
    const inner = fields[name];
    if (inner === undefined || inner === null) continue;
    const found = findId(asObject(inner), depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function asObject(data: unknown): object {
  const parsed = typeof data === "string" ? parse(data) : data;
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw invalidType("The data of a webhook or push must be an object or its JSON text.");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidType("The data of a webhook or push is not JSON.");
  }
}
