/** Network namespaces joined by a router with faults to order: the program of tests/net. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const binary = process.env.CURLEW_NET ?? join(root, "target/debug/curlew-net");
/** A command starts iproute2 a few times at most. */
const ANSWER_MS = 10_000;

export class Net {
  #child;
  #waiting = new Map();
  #count = 0;
  #errors = "";

  /** Starts the router; it removes what killed runs left behind. */
  static async open({ seed = 1 } = {}) {
    const net = new Net();
    // A session of its own: Ctrl-C must not end it before it has cleaned up. It ends when its
    // stdin does, so also when this process is killed.
    net.#child = spawn(binary, ["--seed", String(seed)], { detached: true });
    net.#child.stderr.on("data", (chunk) => { net.#errors += chunk; });
    const lines = createInterface({ input: net.#child.stdout });
    net.exited = once(net.#child, "exit");
    const gone = net.exited.then(([code]) => {
      throw new Error(`curlew-net ended with ${code}\n${net.#errors}`);
    }, (error) => {
      throw new Error(`${error.message}: build it with cargo build -p curlew-net`);
    });
    const [first] = await Promise.race([once(lines, "line"), gone]);
    gone.catch((error) => net.#fail(error));
    if (!JSON.parse(first).ready) throw new Error(`curlew-net said ${first}`);
    lines.on("line", (line) => net.#answered(JSON.parse(line)));
    return net;
  }

  #answered({ id, namespace, error }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) (waiting?.refuse ?? console.error)(new Error(error));
    else waiting?.settle(namespace);
  }

  #fail(error) {
    for (const { refuse } of this.#waiting.values()) refuse(error);
    this.#waiting.clear();
  }

  #ask(command) {
    const id = ++this.#count;
    return new Promise((settle, refuse) => {
      const timer = setTimeout(() => refuse(new Error(`no answer to ${command.do}`)), ANSWER_MS);
      const leave = (then) => (value) => { clearTimeout(timer); then(value); };
      this.#waiting.set(id, { settle: leave(settle), refuse: leave(refuse) });
      this.#child.stdin.write(`${JSON.stringify({ id, command })}\n`);
    });
  }

  /** One more interface for a place, made at its first one; gives the place's namespace. */
  join(place, address) {
    return this.#ask({ do: "join", place, address });
  }

  /**
   * Sets the faults of an interface: `delayMs` each way, `lossPercent`, `udp` and `all` "drop",
   * `tcp` "drop", "reset" (now, and what comes) or "stale" (the connections of now are forgotten).
   * What is left out is well.
   */
  faults(address, faults = {}) {
    return this.#ask({ do: "faults", address, faults });
  }

  /** Takes an interface down; its place sees that. */
  unplug(address) {
    return this.#ask({ do: "unplug", address });
  }

  plug(address) {
    return this.#ask({ do: "plug", address });
  }

  /** Kills whatever runs in a place (SIGKILL); the place stays. */
  kill(place) {
    return this.#ask({ do: "signal", place, signal: "kill" });
  }

  /** Stops whatever runs in a place, as when a machine falls asleep. */
  sleep(place) {
    return this.#ask({ do: "signal", place, signal: "stop" });
  }

  wake(place) {
    return this.#ask({ do: "signal", place, signal: "continue" });
  }

  /** Kills whatever runs in a place and removes it. */
  leave(place) {
    return this.#ask({ do: "leave", place });
  }

  /** Removes every place. */
  async close() {
    this.#child.stdin.end();
    const [code] = await this.exited;
    if (code !== 0) throw new Error(`curlew-net ended with ${code}\n${this.#errors}`);
  }
}

/** The command that runs another one in a namespace. */
export const within = (namespace) => ["ip", "netns", "exec", namespace];
