/** A wire between browser and server that can go dead without telling either end. */
import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Hole {
  #pairs = new Set();
  #waiting = new Set();
  /** Connections that were accepted so far. */
  accepted = 0;

  /** A wire to the server; the server itself, seen through it, is `hole.server`. */
  static async before(server) {
    const hole = new Hole();
    hole.listener = createServer((near) => hole.#join(near, server.port)).listen(0, "127.0.0.1");
    await once(hole.listener, "listening");
    const url = `http://127.0.0.1:${hole.listener.address().port}`;
    hole.server = Object.create(server, { url: { value: url } });
    return hole;
  }

  #join(near, port) {
    this.accepted += 1;
    const far = connect(port, "127.0.0.1");
    const pair = { near, far, dead: false };
    this.#pairs.add(pair);
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on("data", (bytes) => pair.dead || to.write(bytes));
      // A dead wire tells nobody that the other end is gone.
      from.on("close", () => pair.dead || to.destroy());
      from.on("error", () => undefined);
    }
    for (const wake of this.#waiting) wake();
  }

  /** The connections of this moment carry nothing from here on; new ones are whole. */
  swallow() {
    for (const pair of this.#pairs) pair.dead = true;
  }

  /** Resolves with the milliseconds until a connection after the first `count` came. */
  async accepts(count, within) {
    const begin = performance.now();
    while (this.accepted <= count) {
      const left = begin + within - performance.now();
      if (left <= 0) throw new Error(`no new connection within ${within} ms`);
      await new Promise((resolve) => {
        const timer = setTimeout(wake, left);
        const waiting = this.#waiting;
        waiting.add(wake);
        function wake() {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        }
      });
    }
    return performance.now() - begin;
  }

  close() {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.listener.close();
  }
}
