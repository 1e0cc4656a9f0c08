/** What the two sides tell each other over the data channel: the codec, and a bound on its pace. */

import type { MediaSettings } from "../wire/protocol.js";

/** One message. */
export type PeerMessage =
  | { readonly kind: "settings"; readonly settings: MediaSettings }
  | { readonly kind: "end" };

/** A message is at most this many characters long; a full one of ours has about a hundred. */
export const MAX_MESSAGE_CHARS = 4_096;
/** More messages in one second are ignored; a person's deeds never come that fast. */
export const MAX_MESSAGES_A_SECOND = 50;
/** The largest revision that the wire carries. */
const MAX_REVISION = 0xffff_ffff;

/** The text to send. */
export function encode(message: PeerMessage): string {
  switch (message.kind) {
    case "settings":
      return JSON.stringify({ settings: message.settings });
    case "end":
      return JSON.stringify({ end: true });
  }
}

/** What a text says; undefined if it is not ours. Fields that are not known are ignored. */
export function decode(data: unknown): PeerMessage | undefined {
  if (typeof data !== "string" || data.length > MAX_MESSAGE_CHARS) return undefined;
  const message = parse(data);
  if (!isObject(message)) return undefined;
  if (message["end"] === true) return { kind: "end" };
  const settings = readSettings(message["settings"]);
  return settings && { kind: "settings", settings };
}

/** Counts messages in spans of one second; time comes in as an argument. */
export class Pace {
  private start = -Infinity;
  private count = 0;

  /** Whether a message that comes at `now` (milliseconds) is to be read. */
  allows(now: number): boolean {
    if (now - this.start >= 1_000) {
      this.start = now;
      this.count = 0;
    }
    this.count += 1;
    return this.count <= MAX_MESSAGES_A_SECOND;
  }
}

function readSettings(value: unknown): MediaSettings | undefined {
  if (!isObject(value)) return undefined;
  const { audioEnabled, videoEnabled, onHold, revision } = value;
  if (typeof audioEnabled !== "boolean" || typeof videoEnabled !== "boolean") return undefined;
  if (typeof onHold !== "boolean" || typeof revision !== "number") return undefined;
  if (!Number.isInteger(revision) || revision < 0 || revision > MAX_REVISION) return undefined;
  return { audioEnabled, videoEnabled, onHold, revision };
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
