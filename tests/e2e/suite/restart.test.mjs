/** The server is killed, and stopped, under live calls (P4, P5). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Device, launch } from "../harness/device.mjs";
import { agreeOn, connect, ring, stage } from "../harness/stage.mjs";

const here = stage();
const RECONNECT_MS = 20_000;

/** Two devices whose messages can be watched. */
async function pair() {
  return Promise.all([
    here.signedIn("ann", { gated: true }), here.signedIn("ben", { gated: true }),
  ]);
}

/** Resolves once both are connected anew. */
async function back(...devices) {
  const isWelcome = (text) => JSON.parse(text).type === "welcome";
  const welcomes = ({ gate }) => gate.received.filter(isWelcome);
  await Promise.all(devices.map((device) => (
    device.gate.heard(() => welcomes(device).length > 1, RECONNECT_MS))));
}

test("kill -9 while ringing: the ring goes on and is accepted", async () => {
  const [ann, ben] = await pair();
  const callId = await ring(ann, ben, "ben", { isVideoCall: true });
  await here.server.kill("SIGKILL");
  await here.server.start();
  assert.equal((await ben.view("in")).isEnded, false);
  await ben.accept();
  await Promise.all([
    ann.saw("out.Connected", { within: RECONNECT_MS }),
    ben.saw("in.Connected", { within: RECONNECT_MS }),
  ]);
  assert.equal(await ben.count("ringing"), 1);
  await Promise.all([ann.receives({ framesDecoded: 5 }), ben.receives({ framesDecoded: 5 })]);
  await ann.call("out", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [ben] });
});

test("kill -9 in a call: media never stops, and the log is right", async () => {
  const [ann, ben] = await pair();
  const callId = await connect(ann, ben, "ben", { isVideoCall: true });
  await here.server.kill("SIGKILL");
  const flows = { audioPackets: 50, framesDecoded: 20 };
  await Promise.all([ann.receives(flows), ben.receives(flows)]);
  // Mute needs no server: it takes the path's own channel.
  await ann.call("out", "muteMicrophone");
  const muted = await ben.saw("in.RemoteAudioSettingsChanged", { within: 2_000 });
  await here.server.start();
  await back(ann, ben);
  assert.equal(muted.isRemoteAudioEnabled, false);
  await Promise.all([ann.receives(flows), ben.receives(flows)]);
  for (const [device, side] of [[ann, "out"], [ben, "in"]]) {
    assert.equal(await device.count(`${side}.Reconnecting`), 0);
    assert.equal(await device.count(`${side}.Ended`), 0);
  }
  await ben.call("in", "end");
  const row = await agreeOn("completed", callId, {
    server: here.server, caller: ann, callees: [ben],
  });
  assert.equal(row.ended_by, "ben");
});

test("kill -9 in two calls, and nobody of the one comes back: it ends, and no other (F39)",
  async () => {
    const [ann, ben] = await pair();
    const kept = await connect(ann, ben, "ben");
    const browser = await launch();
    const [cat, dan] = await Promise.all(
      ["cat", "dan"].map((name) => Device.signedIn(browser, here.server, name)));
    const left = await connect(cat, dan, "dan");
    await here.server.kill("SIGKILL");
    await browser.close();
    await here.server.start();
    await back(ann, ben);
    // Nobody is heard of for the grace of 30 s.
    const row = await endedRow(left, 60_000);
    assert.equal(row.end_result, "connection_lost");
    const ongoing = (await here.server.callRows()).filter(({ state }) => state !== "ended");
    assert.deepEqual(ongoing.map(({ call_id }) => call_id), [kept]);
    await ann.receives({ audioPackets: 20 });
    await ann.call("out", "end");
    await agreeOn("completed", kept, { server: here.server, caller: ann, callees: [ben] });
  });

/** The row once the server knows of the end. */
async function endedRow(callId, within = RECONNECT_MS) {
  const until = Date.now() + within;
  for (;;) {
    const row = await here.server.callRow(callId);
    if (row.state === "ended") return row;
    assert.ok(Date.now() < until, "the server has not learned of the end");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("hung up while the server is down: told at once, and the log agrees later", async () => {
  const [ann, ben] = await pair();
  const callId = await connect(ann, ben, "ben");
  await here.server.kill("SIGKILL");
  const at = Date.now();
  await ann.call("out", "end");
  // The path's own channel tells it.
  await ben.saw("in.Ended", { within: 2_000 });
  await here.server.start();
  const { ended_at: learned } = await endedRow(callId);
  // The server counts until it learned of the end; the two sides until it was.
  const apartMs = learned - at + 300;
  const row = await agreeOn("completed", callId, {
    server: here.server, caller: ann, callees: [ben], apartMs,
  });
  // Once the server is heard, all show its number.
  for (const [device, side] of [[ann, "out"], [ben, "in"]]) {
    await device.page.waitForFunction(([side, duration]) => (
      e2e[side].getDuration() === duration), [side, row.duration], { timeout: RECONNECT_MS });
  }
});

test("a soft stop under a call: a clean exit, and the call goes on", async () => {
  const [ann, ben] = await pair();
  const callId = await connect(ann, ben, "ben");
  await here.server.kill("SIGTERM");
  assert.equal(here.server.process.exitCode, 0, here.server.log);
  await ann.receives({ audioPackets: 20 });
  await here.server.start();
  await back(ann, ben);
  await ben.call("in", "muteMicrophone");
  await ann.saw("out.RemoteAudioSettingsChanged");
  assert.equal(await ann.count("out.Reconnecting") + await ben.count("in.Reconnecting"), 0);
  await ben.call("in", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [ben] });
});
