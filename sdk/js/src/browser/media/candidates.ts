/** The candidates of one connection: ours on their way out, the other side's on their way in. */

import { hasFragment } from "../../core/sdp.js";
import type { Candidate, Signal } from "../../wire/protocol.js";

/** Candidates wait this long for company, so that one message carries many. */
const BATCH_MS = 10;
/** Our own that are remembered: those of the last few searches, for a rolled-back one. */
const MAX_LOCAL_CANDIDATES = 256;
/** The other side's candidates for one description; a host with many networks has a few dozen. */
export const MAX_REMOTE_CANDIDATES = 128;

/** The server takes this many in one signal (`SIGNAL_CANDIDATES`). */
export const MAX_IN_SIGNAL = 64;

/** The same state in as many signals as the limit asks for; the description comes first. */
export function inSignals(whole: Signal): Signal[] {
  const { revision, candidates } = whole;
  const signals: Signal[] = [{ ...whole, candidates: candidates.slice(0, MAX_IN_SIGNAL) }];
  for (let at = MAX_IN_SIGNAL; at < candidates.length; at += MAX_IN_SIGNAL) {
    signals.push({ revision, candidates: candidates.slice(at, at + MAX_IN_SIGNAL) });
  }
  return signals;
}

/** Our own. */
export class LocalCandidates {
  private readonly all: Candidate[] = [];
  private unsent: Candidate[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `send` is given what was gathered since the last time. */
  constructor(private readonly send: (candidates: Candidate[]) => void) {}

  /** The browser found one. */
  add(candidate: RTCIceCandidate): void {
    const { sdpMid, sdpMLineIndex, usernameFragment } = candidate;
    const line = { candidate: candidate.candidate, sdpMid, sdpMLineIndex, usernameFragment };
    this.all.push(line);
    if (this.all.length > MAX_LOCAL_CANDIDATES) this.all.shift();
    this.unsent.push(line);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const unsent = this.unsent;
      this.unsent = [];
      if (unsent.length > 0) this.send(unsent);
    }, BATCH_MS);
  }

  /** All that belong to a description; they are about to be sent with it. */
  take(sdp: string): Candidate[] {
    this.unsent = this.unsent.filter((one) => !hasFragment(sdp, one.usernameFragment));
    return this.all.filter((one) => hasFragment(sdp, one.usernameFragment));
  }

  /** Nothing more is sent. */
  close(): void {
    clearTimeout(this.timer);
  }
}

/** The other side's: those of the newest description, each once, kept until they may be used. */
export class RemoteCandidates {
  private revision = 0;
  private readonly seen = new Set<string>();
  private waiting: Candidate[] = [];

  /** Some came for a description, which may itself come later. */
  add(revision: number, candidates: readonly Candidate[]): void {
    if (revision < this.revision) return;
    if (revision > this.revision) {
      this.revision = revision;
      this.seen.clear();
      this.waiting = [];
    }
    for (const candidate of candidates) {
      const name = JSON.stringify(candidate);
      if (this.seen.has(name) || this.seen.size >= MAX_REMOTE_CANDIDATES) continue;
      this.seen.add(name);
      this.waiting.push(candidate);
    }
  }

  /** Those that can be used beside the description of this revision, each given once. */
  take(revision: number): Candidate[] {
    if (revision !== this.revision) return [];
    const taken = this.waiting;
    this.waiting = [];
    return taken;
  }
}
