/** A gate in a page's WebSocket: cuts it, holds what the server says, keeps copies of all. */
export class Gate {
  constructor() {
    this.sent = [];
    this.received = [];
    this.held = null;
    this.shut = false;
    this.sockets = new Set();
    this.watchers = new Set();
  }

  /** Stands before every WebSocket that the page opens from here on. */
  static async before(page) {
    const gate = new Gate();
    await page.routeWebSocket(/./, (socket) => gate.#pass(socket));
    return gate;
  }

  #pass(socket) {
    if (this.shut) {
      socket.close({ code: 1001, reason: "gate shut" });
      return;
    }
    const far = socket.connectToServer();
    const pair = { socket, far };
    this.sockets.add(pair);
    socket.onMessage((text) => {
      this.sent.push(text);
      far.send(text);
      for (const watcher of this.watchers) watcher();
    });
    far.onMessage((text) => {
      this.received.push(text);
      for (const watcher of this.watchers) watcher();
      if (this.held) this.held.push(() => socket.send(text));
      else socket.send(text);
    });
    const forget = () => this.sockets.delete(pair);
    socket.onClose((code, reason) => { forget(); far.close(closing(code, reason)); });
    far.onClose((code, reason) => { forget(); socket.close({ code, reason }); });
  }

  /** What the server says from here on waits until `release`. */
  hold() {
    this.held = [];
  }

  release() {
    const held = this.held ?? [];
    this.held = null;
    for (const deliver of held) deliver();
  }

  /** Loses what waits, as a dead connection does. */
  lose() {
    this.held = null;
  }

  /** Cuts every socket; with `stay`, new ones are cut too until `open`. */
  async cut({ stay = false } = {}) {
    this.shut = stay;
    for (const { socket, far } of [...this.sockets]) {
      await far.close({ code: 1000 });
      await socket.close({ code: 1001, reason: "cut by the test" });
    }
    this.sockets.clear();
  }

  open() {
    this.shut = false;
  }

  /** Says something to the server, or to the page, in the other's name. */
  toServer(text) {
    for (const { far } of this.sockets) far.send(text);
  }

  toPage(text) {
    for (const { socket } of this.sockets) socket.send(text);
  }

  /** Resolves with the first message sent that the test accepts, past or to come. */
  said(test, within) {
    return this.#message("sent", test, within);
  }

  /** The same for what the server said. */
  heard(test, within) {
    return this.#message("received", test, within);
  }

  #message(list, test, within = 10_000) {
    return new Promise((settle, refuse) => {
      const check = () => {
        const found = this[list].find((text) => test(JSON.parse(text)));
        if (!found) return;
        leave();
        settle(found);
      };
      const leave = () => {
        clearTimeout(timer);
        this.watchers.delete(check);
      };
      const timer = setTimeout(() => {
        leave();
        refuse(new Error(`not ${list} within ${within} ms; ${list}: ${this[list].join("\n")}`));
      }, within);
      this.watchers.add(check);
      check();
    });
  }
}

/** A browser may send 1000 and the private range only. */
function closing(code, reason) {
  return code === 1000 || code >= 3000 ? { code, reason } : {};
}
