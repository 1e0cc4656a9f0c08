/** People who are gone without a word: killed browsers and machines that sleep in a call. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lasts, netStage, strictPairs } from "../harness/net-stage.mjs";
import { agreeOn, connect } from "../harness/stage.mjs";

const here = netStage();
/** A vanished side ends the call within about a minute. */
const VANISHED_MS = 60_000;
/** The promise: a dead socket is found within this time of waking. */
const FOUND_MS = 10_000;
/** Until both sides hear each other again after one of them woke. */
const BACK_MS = 20_000;

/** A browser on a machine of its own, and its user there. */
async function machine(userId) {
  const spot = await here.world.spot();
  const { net } = here.world;
  return {
    device: await here.world.watched(spot, userId),
    spot,
    /** The lid is shut: nothing runs, and its router forgets the connections it had. */
    async sleep() {
      await net.sleep(spot.place);
      await net.faults(spot.address, { all: "drop" });
    },
    async wake() {
      await net.faults(spot.address, { tcp: "stale" });
      await net.wake(spot.place);
    },
  };
}

/** Fails with the names of those who hear nothing, and with what each connection says. */
async function allHear(people) {
  const deaf = [];
  await Promise.all(Object.entries(people).map(([name, device]) =>
    device.receives({ audioPackets: 50 }, BACK_MS)
      .catch(({ message }) => deaf.push(`${name}: ${message}`))));
  if (deaf.length === 0) return;
  for (const [name, { page }] of Object.entries(people)) {
    const said = await page.evaluate(() => Promise.all(e2e.peers.map(e2e.says)));
    deaf.push(`${name} says: ${said.join("; ")}`);
  }
  assert.fail(deaf.join("\n"));
}

const liveCallsOf = async (userId) => (await here.world.server.callRows()).filter(
  ({ state, participants }) => state !== "ended" && participants.includes(userId));

describe("people who are gone", { concurrency: 4 }, () => {
  test("a browser is killed in a call: connection lost, and its user can be rung (F28)", async () => {
    const [ann, { device: ben, spot }] = await Promise.all([
      here.world.signedIn(here.steady, "kill-a"), machine("kill-b"),
    ]);
    const callId = await connect(ann, ben, "kill-b");
    await ann.receives({ audioPackets: 20 });
    await here.world.net.kill(spot.place);
    const ended = await ann.saw("out.Ended", { within: VANISHED_MS });
    assert.equal(ended.endResult, "connection_lost");
    assert.equal(await strictPairs(ann, "out"), 1);
    await agreeOn("connection_lost", callId, {
      server: here.world.server, caller: ann, callees: [],
    });
    assert.deepEqual(await liveCallsOf("kill-b"), []);

    const [cat, { device: again }] = await Promise.all([
      here.world.signedIn(here.steady, "kill-c"), machine("kill-b"),
    ]);
    assert.equal(await again.ongoing(), 0);
    await connect(cat, again, "kill-b");
    await again.call("in", "end");
    await cat.saw("out.Ended");
  });

  test("a machine sleeps on a dead path: rung within 10 s of waking", async (t) => {
    const [ann, ben] = await Promise.all([
      here.world.signedIn(here.steady, "idle-a"), machine("idle-b"),
    ]);
    await ben.sleep();
    await ann.dial("idle-b");
    await lasts(12_000);
    const woken = Date.now();
    await ben.wake();
    const { callId } = await ben.device.saw("ringing", { within: FOUND_MS });
    t.diagnostic(`rung ${Date.now() - woken} ms after waking`);
    assert.equal(ben.device.sockets.length, 2, "by another socket, once");
    await ben.device.accept();
    await Promise.all([ann.saw("out.Connected"), ben.device.saw("in.Connected")]);
    await ann.call("out", "end");
    await agreeOn("completed", callId, {
      server: here.world.server, caller: ann, callees: [ben.device],
    });
  });

  test("a machine sleeps for twelve seconds in a call: the call goes on", async () => {
    const [ann, ben] = await Promise.all([
      here.world.signedIn(here.steady, "nap-a"), machine("nap-b"),
    ]);
    const callId = await connect(ann, ben.device, "nap-b");
    await ben.sleep();
    await ann.saw("out.Reconnecting", { within: 12_000 });
    await lasts(4_000);
    await ben.wake();
    await ann.saw("out.Reconnected", { within: BACK_MS });
    await allHear({ ann, ben: ben.device });
    await ben.device.call("in", "muteMicrophone");
    await ann.saw("out.RemoteAudioSettingsChanged");
    assert.equal(await strictPairs(ann, "out"), 1);
    assert.ok(await strictPairs(ben.device, "in") <= 1);
    await ann.call("out", "end");
    await agreeOn("completed", callId, {
      server: here.world.server, caller: ann, callees: [ben.device], apartMs: 1_000,
    });
  });

  test("a machine sleeps through the end of its call: told within 10 s of waking", async (t) => {
    const [ann, ben] = await Promise.all([
      here.world.signedIn(here.steady, "night-a"), machine("night-b"),
    ]);
    const callId = await connect(ann, ben.device, "night-b");
    await ben.sleep();
    await ann.saw("out.Ended", { within: VANISHED_MS });
    await lasts(5_000);
    const woken = Date.now();
    await ben.wake();
    await ben.device.saw("in.Ended", { within: FOUND_MS });
    t.diagnostic(`told ${Date.now() - woken} ms after waking`);
    await agreeOn("connection_lost", callId, {
      server: here.world.server, caller: ann, callees: [ben.device],
    });
    await strictPairs(ann, "out");
    await strictPairs(ben.device, "in");
    const cat = await here.world.signedIn(here.steady, "night-c");
    await cat.dial("night-b");
    await ben.device.saw("ringing");
    await cat.call("out", "end");
    await cat.saw("out.Ended");
  });
});
