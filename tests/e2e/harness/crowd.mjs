/** Many real clients in one process: the SDK's own link, over Node's sockets. */
import { createRequire } from "node:module";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import WebSocket from "ws";

const here = dirname(fileURLToPath(import.meta.url));
const sdk = join(here, "../../../sdk/js");
const PATIENCE_MS = 30_000;

/** The SDK's link as a module for Node, bundled from its sources. */
async function linkModule() {
  const { build } = createRequire(join(sdk, "build.mjs"))("esbuild");
  const folder = join(here, "../node_modules/.cache/curlew-e2e");
  await mkdir(folder, { recursive: true });
  const outfile = join(folder, `link-${process.pid}.mjs`);
  const contents = `export { Link } from "./link.js"; export { browserPorts } from "./ports.js";`;
  await build({
    stdin: { contents, resolveDir: join(sdk, "src/browser/link") },
    outfile, bundle: true, platform: "node", format: "esm", target: "node20", logLevel: "warning",
  });
  return import(pathToFileURL(outfile).href);
}

/** Signed-in clients that stay connected, and everything they tried. */
export class Crowd {
  /**
   * When connection attempts were due, in milliseconds. A stalled process fires many timers at
   * once; what is tested is when the link wanted them.
   */
  attempts = [];
  #due;
  /** Sign-ins and sessions that were refused, in words. */
  refused = [];
  clients = [];
  #waiting = new Set();

  /** Signs in `size` users and connects them, by way of `wire` if there is one. */
  static async of(size, server, wire = server) {
    const crowd = new Crowd();
    const { Link, browserPorts } = await linkModule();
    const ports = { ...browserPorts, after: (ms, run) => crowd.#after(ms, run) };
    globalThis.WebSocket = crowd.#socketClass();
    const names = Array.from({ length: size }, (_, n) => `crowd-${n}`);
    // A few at a time: Node would open hundreds of connections for as many requests at once.
    for (let n = 0; n < size; n += 20) {
      const some = names.slice(n, n + 20);
      const join = (name) => crowd.#join(Link, ports, server, wire, name);
      crowd.clients.push(...await Promise.all(some.map(join)));
    }
    await crowd.connected();
    return crowd;
  }

  /** Resolves once every client is connected; fails with how many are not. */
  async connected(within = PATIENCE_MS) {
    const missing = () => this.clients.filter(({ link }) => !link.open).length;
    await new Promise((settle, refuse) => {
      const check = () => {
        if (missing() > 0) return;
        leave();
        settle();
      };
      const timer = setTimeout(() => {
        leave();
        refuse(new Error(`${missing()} are not back within ${within} ms; ${this.refused}`));
      }, within);
      const leave = () => {
        clearTimeout(timer);
        this.#waiting.delete(check);
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Resolves once no client is connected. */
  async lost(within = PATIENCE_MS) {
    const until = Date.now() + within;
    while (this.clients.some(({ link }) => link.open)) {
      if (Date.now() > until) throw new Error("some are still connected");
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The largest part of all attempts since `from` that lies in one span of `span` milliseconds. */
  peak(from, span) {
    const times = this.attempts.filter((at) => at >= from).sort((a, b) => a - b);
    let most = 0;
    let first = 0;
    for (let last = 0; last < times.length; last++) {
      while (times[last] - times[first] >= span) first++;
      most = Math.max(most, last - first + 1);
    }
    return { part: most / times.length, attempts: times.length };
  }

  leave() {
    for (const { link } of this.clients) link.stop(new Error("the test is over"));
  }

  async #join(Link, ports, server, wire, userId) {
    const deviceId = `d-${userId}`;
    const answer = await fetch(`${server.url}/v1/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ appId: server.appId, userId, deviceId }),
    });
    const { sessionKey, message } = await answer.json();
    if (!answer.ok) throw new Error(`${userId} was refused: ${answer.status} ${message}`);
    const client = { userId, welcomes: [], link: undefined };
    client.link = new Link(`${wire.url.replace("http", "ws")}/v1/socket`, {
      sessionKey: () => sessionKey,
      knownCalls: () => [],
      onWelcome: (welcome) => {
        client.welcomes.push(welcome);
        for (const check of [...this.#waiting]) queueMicrotask(check);
      },
      onEvent: () => undefined,
      onSessionOver: (reason) => this.refused.push(`${userId}: ${reason}`),
    }, ports);
    client.link.start().catch(() => undefined);
    return client;
  }

  /** The link's timer, with a note of the moment it was meant for. */
  #after(ms, run) {
    const due = performance.now() + ms;
    const timer = setTimeout(() => {
      this.#due = due;
      run();
      this.#due = undefined;
    }, ms);
    return () => clearTimeout(timer);
  }

  /** A WebSocket that reports each attempt, and each answer that is not the expected one. */
  #socketClass() {
    const { attempts, refused } = this;
    const due = () => this.#due ?? performance.now();
    return class extends WebSocket {
      constructor(url) {
        super(url);
        attempts.push(due());
        // A server that is not there is what the link is tested with: `close` follows.
        this.on("error", () => undefined);
        this.on("unexpected-response", (_, response) => {
          refused.push(`HTTP ${response.statusCode}`);
          this.close();
        });
      }
    };
  }
}
