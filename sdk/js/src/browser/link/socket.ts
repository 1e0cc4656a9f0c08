/** One WebSocket connection: parses what comes, reports its end once. */

import type { ClientMessage, ServerMessage } from "../../wire/protocol.js";

/** What a connection tells its owner. */
export interface SocketEvents {
  onOpen(): void;
  onMessage(message: ServerMessage): void;
  onClose(code: number): void;
}

/** A connection. After `close` nothing is reported any more. */
export class Socket {
  private readonly raw: WebSocket;
  private over = false;

  constructor(url: string, events: SocketEvents) {
    this.raw = new WebSocket(url);
    this.raw.onopen = () => {
      if (!this.over) events.onOpen();
    };
    this.raw.onmessage = (event) => {
      const message = this.over ? undefined : parse(event.data);
      if (message) events.onMessage(message);
    };
    this.raw.onclose = (event) => {
      if (this.over) return;
      this.over = true;
      events.onClose(event.code);
    };
  }

  /** Sends if the connection is open; the session sends again after the next `welcome`. */
  send(message: ClientMessage): void {
    if (this.raw.readyState === WebSocket.OPEN) this.raw.send(JSON.stringify(message));
  }

  /** Closes without a report. */
  close(): void {
    this.over = true;
    this.raw.close(1000);
  }
}

/** A message of an unknown type or shape is skipped: a newer server may know more than we. */
function parse(data: unknown): ServerMessage | undefined {
  if (typeof data !== "string") return undefined;
  try {
    const message: unknown = JSON.parse(data);
    const hasType = typeof (message as { type?: unknown } | null)?.type === "string";
    return hasType ? (message as ServerMessage) : undefined;
  } catch {
    return undefined;
  }
}
