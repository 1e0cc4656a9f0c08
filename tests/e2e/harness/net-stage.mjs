/** A stage with real distances: a server and browsers in namespaces of their own. */
import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { CHROMIUM, Device, launchAs } from "./device.mjs";
import { Net, within } from "./net.mjs";
import { NetServer } from "./net-server.mjs";

const SERVER = "10.77.0.1";

/** A server in a namespace, and a network to put browsers in. */
export class NetWorld {
  #browsers = [];
  #count = 0;

  static async open(options) {
    const world = new NetWorld();
    world.address = SERVER;
    world.net = await Net.open(options);
    try {
      world.folder = await mkdtemp(join(tmpdir(), "curlew-net-"));
      world.server = await NetServer.in(await world.net.join("server", SERVER), SERVER);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /** A browser in a place of its own, with one interface or two: `spot.addresses`. */
  async spot({ interfaces = 1 } = {}) {
    const number = ++this.#count;
    const place = `browser${number}`;
    const addresses = Array.from({ length: interfaces }, (_, n) => `10.${77 + n}.${number}.2`);
    const namespaces = [];
    for (const address of addresses) namespaces.push(await this.net.join(place, address));
    const spot = { place, addresses, address: addresses[0], namespace: namespaces[0] };
    spot.browser = await this.browserIn(spot.namespace);
    return spot;
  }

  /** One more browser in a namespace. */
  async browserIn(namespace) {
    const program = join(this.folder, namespace);
    const command = [...within(namespace), CHROMIUM].join(" ");
    await writeFile(program, `#!/bin/sh\nexec ${command} "$@"\n`);
    await chmod(program, 0o755);
    // A page may capture only in a secure context, and an address is not one by itself.
    const trust = `--unsafely-treat-insecure-origin-as-secure=${this.server.url}`;
    const browser = await launchAs(program, trust);
    this.#browsers.push(browser);
    return browser;
  }

  /** A new profile of a spot's browser with its user signed in. */
  signedIn(spot, userId, options) {
    return Device.signedIn(spot.browser, this.server, userId, options);
  }

  /** The same, and every WebSocket that its page ever opened, with the time of its close. */
  async watched(spot, userId) {
    const device = await Device.open(spot.browser, this.server);
    device.sockets = [];
    device.page.on("websocket", (socket) => {
      const noted = { openedAt: Date.now(), closedAt: null };
      device.sockets.push(noted);
      socket.on("close", () => { noted.closedAt = Date.now(); });
    });
    await device.signIn(userId);
    return device;
  }

  async close() {
    await Promise.allSettled(this.#browsers.map((browser) => browser.close()));
    await this.server?.dispose();
    await this.net.close();
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * One network for a file, and a browser `steady` in it whose link is never touched; all removed
 * after it, also when a test or this process fails.
 */
export function netStage() {
  const here = {};
  before(async () => {
    here.world = await NetWorld.open();
    here.steady = await here.world.spot();
  });
  after(() => here.world?.close());
  return here;
}

/** What happened on one side of a call, in order: the names of its events. */
export async function story(device, side) {
  const names = await device.page.evaluate(() => e2e.events.map(({ name }) => name));
  const begin = `${side}.`;
  return names.filter((name) => name.startsWith(begin)).map((name) => name.slice(begin.length));
}

/**
 * Every `Reconnecting` is followed by one `Reconnected` or by the end, and no `Reconnected` comes
 * alone; gives how many outages there were.
 */
export async function strictPairs(device, side) {
  const told = await story(device, side);
  const path = told.filter((name) => ["Reconnecting", "Reconnected", "Ended"].includes(name));
  let isDown = false;
  let outages = 0;
  for (const name of path) {
    if (name === "Reconnecting") {
      assert.equal(isDown, false, `${side}: reconnecting twice in ${told}`);
      outages += 1;
    }
    if (name === "Reconnected") assert.equal(isDown, true, `${side}: back from nothing in ${told}`);
    isDown = name === "Reconnecting";
  }
  assert.equal(isDown, false, `${side}: an outage without an end in ${told}`);
  return outages;
}

/** The local address that media of the call in this page leaves by. */
export function mediaAddress(device) {
  return device.page.evaluate(async () => {
    for (const peer of e2e.peers.filter((one) => one.connectionState !== "closed")) {
      const stats = await peer.getStats();
      for (const transport of stats.values()) {
        const pair = transport.type === "transport" && stats.get(transport.selectedCandidatePairId);
        if (pair) return stats.get(pair.localCandidateId).address;
      }
    }
    return null;
  });
}

/** How long something lasts is the input of these tests; they wait for nothing else by time. */
export const lasts = (ms) => new Promise((settle) => setTimeout(settle, ms));
