/** The data channel between the two peers: settings and the end, also while signalling is down. */

import { Pace, decode, encode, type PeerMessage } from "../../core/peer-message.js";

/** What the channel tells its owner. */
export interface SideChannelEvents {
  onOpen(): void;
  onMessage(message: PeerMessage): void;
}

/**
 * One channel of one connection. Both sides make it with the same id, so it costs no negotiation
 * of its own and neither side can be given more channels than this one.
 */
export class SideChannel {
  private readonly channel: RTCDataChannel;
  private readonly pace = new Pace();

  constructor(pc: RTCPeerConnection, events: SideChannelEvents) {
    this.channel = pc.createDataChannel("curlew", { negotiated: true, id: 0, ordered: true });
    this.channel.onopen = () => events.onOpen();
    this.channel.onmessage = ({ data }) => {
      if (!this.pace.allows(performance.now())) return;
      const message = decode(data);
      if (message) events.onMessage(message);
    };
  }

  /** Whether a message would be sent at this moment. */
  get isOpen(): boolean {
    return this.channel.readyState === "open";
  }

  /** Sends, if the channel is open. */
  say(message: PeerMessage): void {
    if (this.isOpen) this.channel.send(encode(message));
  }

  /** Nothing is told to the owner any more. */
  silence(): void {
    this.channel.onopen = null;
    this.channel.onmessage = null;
  }

  /** Runs once the other side has closed, which it does when it has read an end. */
  onClosed(run: () => void): void {
    this.channel.onclose = run;
  }
}
