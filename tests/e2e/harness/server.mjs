/** The real server binary, started, killed and started again on a folder of its own. */
import { spawn, execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
/** The binary under test; another build of it can be named from outside. */
const binary = process.env.CURLEW_BIN ?? join(root, "target/debug/curlew");

/** A free port: needed where a restarted server must be found under the old address. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

export class Server {
  constructor(folder, port) {
    this.folder = folder;
    this.port = port;
    this.host = "127.0.0.1";
    /** The command that the binary is started by, if not directly. */
    this.starter = [];
    this.log = "";
  }

  /** A server on an empty folder. */
  static async fresh() {
    const folder = await mkdtemp(join(tmpdir(), "curlew-e2e-"));
    const server = new Server(folder, await freePort());
    await server.start();
    return server;
  }

  /** Starts the binary and waits for the line that says where it listens. */
  async start() {
    const args = ["serve", "--data-dir", this.folder, "--listen", `${this.host}:${this.port}`];
    const [program, ...rest] = [...this.starter, binary, ...args, "--print-json"];
    this.process = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
    // A test run that breaks off leaves no server behind.
    const child = this.process;
    process.once("exit", () => child.kill("SIGKILL"));
    this.process.stderr.on("data", (chunk) => { this.log += chunk; });
    this.exited = once(this.process, "exit");
    const line = await this.#firstJsonLine();
    this.url = line.url;
    this.appId = line.appId;
    // Shown on the first start only.
    this.apiToken = line.apiToken ?? this.apiToken;
  }

  #firstJsonLine() {
    return new Promise((settle, refuse) => {
      const timer = setTimeout(() => refuse(new Error(`no start line\n${this.log}`)), 15_000);
      createInterface({ input: this.process.stdout }).on("line", (line) => {
        if (!line.startsWith("{")) return;
        const parsed = JSON.parse(line);
        if (!parsed.url) return;
        clearTimeout(timer);
        settle(parsed);
      });
      this.exited.then(([code, signal]) => {
        clearTimeout(timer);
        refuse(new Error(`server ended with ${code ?? signal}\n${this.log}`));
      });
    });
  }

  /** Ends the process of this server by its id, and waits until it is gone. */
  async kill(signal) {
    this.process.kill(signal);
    await this.exited;
  }

  /** Ends the server and removes its folder. */
  async dispose() {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      await this.kill("SIGKILL");
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  /** One REST request with the API token; gives the status and the parsed body. */
  async rest(method, path, body, apiToken = this.apiToken) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { "Api-Token": apiToken, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  }

  /** The log row of a call, as a back end sees it. */
  async callRow(callId) {
    const { status, body } = await this.rest("GET", `/v1/direct_calls/${callId}`);
    if (status !== 200) throw new Error(`call ${callId}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** All calls of the application, newest first. */
  async callRows() {
    const { status, body } = await this.rest("GET", "/v1/direct_calls?limit=100");
    if (status !== 200) throw new Error(`calls: ${status} ${JSON.stringify(body)}`);
    return body.calls;
  }

  /** Creates users; a call needs a callee who exists. */
  async users(...ids) {
    for (const user_id of ids) {
      const made = await this.rest("POST", "/v3/users", { user_id, nickname: "", profile_url: "" });
      if (made.status !== 200) throw new Error(`user ${user_id}: ${JSON.stringify(made.body)}`);
    }
  }

  /** Makes a second application beside the first and gives its id. */
  async secondApp() {
    const said = await this.command("app", "create", "second");
    const id = said.match(/[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{27}/);
    if (!id) throw new Error(`no app id in: ${said}`);
    return id[0];
  }

  /** Runs a subcommand of the same binary on the same folder. */
  async command(...args) {
    const run = promisify(execFile);
    const { stdout } = await run(binary, [...args, "--data-dir", this.folder]);
    return stdout;
  }
}
