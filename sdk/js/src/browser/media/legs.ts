/** The peers of one call: one a leg while it rings, one alone once it is answered. */

import { DirectCallUserRole, type Role } from "../../core/enums.js";
import type { PeerMessage } from "../../core/peer-message.js";
import type { PathSign } from "../../core/path.js";
import type { CandidateTiming, MediaSettings, Signal } from "../../wire/protocol.js";
import { Peer } from "./peer.js";

/**
 * Ringing devices that the caller prepares a path to; more have one made when they answer. A
 * person has few devices at hand, and each peer costs the caller ports and candidates.
 */
export const MAX_EARLY_LEGS = 4;
/** Signals that may wait until it is known what the call is; more than a negotiation ever has. */
const MAX_WAITING = 64;
/** When a device that rings asks again for an offer that did not come. */
const ASK_AGAIN_MS = [1_000, 3_000];

/** What the legs tell the call's media; but for `onSignal`, only of the peer that goes on. */
export interface LegsEvents {
  onSignal(signal: Signal, leg: number | undefined): void;
  onSign(sign: PathSign): void;
  onAttempt(): void;
  /** Messages can be sent. */
  onOpen(): void;
  onMessage(message: PeerMessage): void;
}

/** What came from a peer before it was known that it goes on. */
interface Heard {
  settings?: MediaSettings;
  isEnded?: boolean;
}

interface Leg {
  readonly peer: Peer;
  readonly heard: Heard;
}

/** While it rings every peer is without tracks, and what it says has no effect. */
export class Legs {
  private readonly legs = new Map<number | undefined, Leg>();
  private waiting: { readonly signal: Signal; readonly leg: number }[] = [];
  private role: Role | undefined;
  private answered: { readonly leg: number | undefined; readonly peer: Peer } | undefined;
  private askTimers: ReturnType<typeof setTimeout>[] = [];
  private isClosed = false;

  constructor(private readonly events: LegsEvents) {}

  /** The peer that goes on. */
  get winner(): Peer | undefined {
    return this.answered?.peer;
  }

  /** It rings. */
  ring(role: Role, isVideoCall: boolean, candidates: CandidateTiming): void {
    if (this.role || this.isClosed) return;
    this.role = role;
    if (role === DirectCallUserRole.CALLEE) {
      const { peer } = this.make(undefined, isVideoCall, candidates === "after_accept");
      peer.publish();
      this.askTimers = ASK_AGAIN_MS.map((wait) =>
        setTimeout(() => peer.isSettled || peer.publish(), wait),
      );
    }
    this.takeWaiting(isVideoCall);
  }

  /** The person answers here: kept candidates are told. */
  release(): void {
    for (const { peer } of this.legs.values()) peer.release();
  }

  /**
   * The call is answered: the answered leg's peer goes on, all others are closed. Gives whether
   * it had begun before.
   */
  establish(role: Role, isVideoCall: boolean, answeredLeg: number | undefined): boolean {
    // Two crossing dials are one call, in which one of the two dialled is the callee.
    if (this.role !== role) this.closePeers();
    this.role = role;
    const leg = role === DirectCallUserRole.CALLER ? answeredLeg : undefined;
    const early = this.legs.get(leg);
    const one = early ?? this.make(leg, isVideoCall, false);
    for (const [other, { peer }] of this.legs) if (other !== leg) peer.close();
    this.legs.clear();
    this.legs.set(leg, one);
    this.answered = { leg, peer: one.peer };
    this.stopAsking();
    one.peer.release();
    if (role === DirectCallUserRole.CALLEE) {
      if (early) one.peer.refreshUnused();
      else one.peer.publish();
    }
    this.takeWaiting(isVideoCall);
    return early !== undefined;
  }

  /** Tells what the winner said before it was known to be the winner. */
  tellHeard(): void {
    const heard = this.answered && this.legs.get(this.answered.leg)?.heard;
    if (heard?.settings) this.events.onMessage({ kind: "settings", settings: heard.settings });
    if (heard?.isEnded) this.events.onMessage({ kind: "end" });
  }

  /** Takes in state of the other side. */
  handleSignal(signal: Signal, leg: number, isVideoCall: boolean): void {
    if (this.isClosed) return;
    if (!this.role) {
      if (this.waiting.length < MAX_WAITING) this.waiting.push({ signal, leg });
      return;
    }
    this.peerFor(signal, leg, isVideoCall)?.handleSignal(signal);
  }

  /** The connection to the server came back: the other side may have missed anything. */
  publish(): void {
    for (const { peer } of this.legs.values()) peer.publish();
  }

  /** The device may have another address while it rings. */
  restart(): void {
    for (const { peer } of this.legs.values()) peer.restart();
  }

  /** Closes every peer; `lastWords` were said to the winner and shall arrive. */
  close(lastWords: boolean): void {
    this.isClosed = true;
    this.waiting = [];
    this.answered?.peer.close(lastWords);
    this.closePeers();
  }

  private closePeers(): void {
    this.stopAsking();
    for (const { peer } of this.legs.values()) peer.close();
    this.legs.clear();
  }

  private stopAsking(): void {
    for (const timer of this.askTimers) clearTimeout(timer);
    this.askTimers = [];
  }

  private takeWaiting(isVideoCall: boolean): void {
    const { waiting } = this;
    this.waiting = [];
    for (const { signal, leg } of waiting) this.handleSignal(signal, leg, isVideoCall);
  }

  /** The peer that a signal is for; made here if a device that rings asks for the first time. */
  private peerFor(signal: Signal, leg: number, isVideoCall: boolean): Peer | undefined {
    const { answered } = this;
    if (this.role === DirectCallUserRole.CALLEE) return this.legs.get(undefined)?.peer;
    if (answered) {
      return answered.leg === undefined || answered.leg === leg ? answered.peer : undefined;
    }
    const known = this.legs.get(leg);
    if (known) return known.peer;
    if (signal.revision !== 0 || this.legs.size >= MAX_EARLY_LEGS) return undefined;
    return this.make(leg, isVideoCall, false).peer;
  }

  private make(leg: number | undefined, isVideoCall: boolean, keepsCandidates: boolean): Leg {
    const isWinner = (): boolean => this.answered?.peer === peer;
    const heard: Heard = {};
    const peer: Peer = new Peer({
      isCaller: this.role === DirectCallUserRole.CALLER,
      isVideoCall,
      keepsCandidates,
      events: {
        // After the answer there is one leg, and the server knows which.
        onSignal: (signal) => this.events.onSignal(signal, this.answered ? undefined : leg),
        onSign: (sign) => isWinner() && this.events.onSign(sign),
        onAttempt: () => isWinner() && this.events.onAttempt(),
        onOpen: () => isWinner() && this.events.onOpen(),
        onMessage: (message) => {
          if (isWinner()) this.events.onMessage(message);
          else if (message.kind === "end") heard.isEnded = true;
          else heard.settings = message.settings;
        },
      },
    });
    const made = { peer, heard };
    this.legs.set(leg, made);
    return made;
  }
}
