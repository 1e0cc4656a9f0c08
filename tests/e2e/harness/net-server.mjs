/** The real server in a namespace, and a way to its REST interface from outside. */
import { spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { within } from "./net.mjs";
import { Server } from "./server.mjs";

const fetcher = join(dirname(fileURLToPath(import.meta.url)), "net-fetch.mjs");
/** Free in a namespace that only the server lives in. */
const PORT = 7000;

export class NetServer extends Server {
  #waiting = new Map();
  #count = 0;

  /** A server on an empty folder that listens on this address of the namespace. */
  static async in(namespace, address) {
    const folder = await mkdtemp(join(tmpdir(), "curlew-net-"));
    const server = new NetServer(folder, PORT);
    server.host = address;
    server.starter = within(namespace);
    const [program, ...args] = [...within(namespace), process.execPath, fetcher];
    server.fetcher = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: server.fetcher.stdout }).on("line", (line) => {
      const { id, ...answer } = JSON.parse(line);
      server.#waiting.get(id)(answer);
      server.#waiting.delete(id);
    });
    await server.start();
    return server;
  }

  async rest(method, path, body, apiToken = this.apiToken) {
    const id = ++this.#count;
    const answer = new Promise((settle) => this.#waiting.set(id, settle));
    const request = {
      id, method, url: this.url + path,
      headers: { "Api-Token": apiToken, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    };
    this.fetcher.stdin.write(`${JSON.stringify(request)}\n`);
    const { status, text, error } = await answer;
    if (error) throw new Error(`${method} ${path}: ${error}`);
    return { status, body: text ? JSON.parse(text) : null };
  }

  async dispose() {
    this.fetcher.stdin.end();
    await super.dispose();
  }
}
