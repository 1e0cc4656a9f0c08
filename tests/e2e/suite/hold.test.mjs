/** Hold: nothing is sent or played, both are told once, and it survives what the network does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, watchMore } from "../harness/more.mjs";
import { connect, ring, stage } from "../harness/stage.mjs";

const here = stage();
/** Media still on their way arrive within this, and then none must for as long. */
const SILENCE_MS = 700;

/** The SDK waits about 2 s before it connects again, and more after a refusal. */
const RECONNECT_MS = 20_000;

const passed = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Looks again until it is so, for as long as a reconnect may take. */
async function until(isSo) {
  const limit = performance.now() + RECONNECT_MS;
  while (!isSo()) {
    assert.ok(performance.now() < limit, "it did not come to be");
    await passed(50);
  }
}

/** It succeeds. */
async function done(...deed) {
  assert.equal((await ask(...deed)).code, undefined);
}

/** No packet of media comes in any more; how long one listens is the test's own measure. */
async function isSilent(device) {
  const counters = async () => {
    const { framesDecoded, audioPackets, videoPackets } = await device.media();
    return { framesDecoded, audioPackets, videoPackets };
  };
  await passed(SILENCE_MS);
  const before = await counters();
  await passed(SILENCE_MS);
  assert.deepEqual(await counters(), before);
}

test("on hold nothing flows either way; taken back, both see and hear again", async () => {
  const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
  await connect(ann, ben, "ben", { isVideoCall: true });
  await Promise.all([watchMore(ann, "out"), watchMore(ben, "in")]);
  await done(ben, "in", "hold");
  const [there, own] = await Promise.all([ann.saw("out.Hold.remote"), ben.saw("in.Hold.local")]);
  assert.deepEqual([there.isOn, there.isOnHold], [true, false]);
  assert.deepEqual([own.isOn, own.isOnHold], [true, true]);
  await Promise.all([isSilent(ann), isSilent(ben)]);
  await done(ben, "in", "unhold", false);
  const back = await ann.saw("out.Hold.remote", { nth: 2 });
  assert.equal(back.isOn, false);
  await Promise.all([ann, ben].map((one) => one.receives({ framesDecoded: 5, audioPackets: 10 })));
  // Mute and video are what they were.
  const view = await ann.view("out");
  assert.deepEqual([view.isRemoteAudioEnabled, view.isRemoteVideoEnabled], [true, true]);
  assert.equal(await ann.count("out.RemoteVideoSettingsChanged"), 0);
  assert.deepEqual([await ann.count("out.Hold.remote"), await ben.count("in.Hold.local")], [2, 2]);
  await ann.call("out", "end");
  await ben.saw("in.Ended");
  await Promise.all([ann.isClean(), ben.isClean()]);
});

test("hold is told past a server that is away, and not told again when it is back", async () => {
  const [ann, ben] = await Promise.all([
    here.signedIn("ann", { gated: true }), here.signedIn("ben", { gated: true }),
  ]);
  await connect(ann, ben, "ben");
  await Promise.all([watchMore(ann, "out"), watchMore(ben, "in")]);
  await ben.gate.cut({ stay: true });
  await ben.call("in", "hold");
  assert.equal((await ann.saw("out.Hold.remote")).isOn, true);
  ben.gate.open();
  // Events come in order: what is told after the mute comes after the server's word of the hold.
  await ben.call("in", "muteMicrophone");
  await ann.saw("out.RemoteAudioSettingsChanged");
  await until(() => ann.gate.received.some((text) => {
    const { type, body } = JSON.parse(text);
    return type === "event" && body.event === "call" && body.call.calleeSettings.onHold;
  }));
  assert.equal(await ann.count("out.Hold.remote"), 1);
  assert.equal(await ann.count("out.RemoteAudioSettingsChanged"), 1);
  await ann.call("out", "end");
  await ben.saw("in.Ended");
});

test("answering with holdActiveCall, and going back and forth between two calls", async () => {
  const [ann, ben, cat] = await Promise.all([
    here.signedIn("ann"), here.signedIn("ben"), here.signedIn("cat"),
  ]);
  await connect(ann, ben, "ben", { isVideoCall: true });
  await watchMore(ann, "out");
  await ben.page.evaluate(() => { e2e.first = e2e.in; });
  await cat.dial("ben", { isVideoCall: true });
  await ben.saw("ringing", { nth: 2 });
  await ben.page.evaluate(() => e2e.in.accept({ callOption: e2e.views(), holdActiveCall: true }));
  await Promise.all([cat.saw("out.Connected"), ann.saw("out.Hold.remote")]);
  const onHold = () => ben.page.evaluate(() => [e2e.first.isOnHold, e2e.in.isOnHold]);
  assert.deepEqual(await onHold(), [true, false]);
  await isSilent(ann);
  await cat.receives({ framesDecoded: 5 });

  assert.equal((await ask(ben, "first", "unhold", false)).code, 1400101);
  assert.deepEqual(await onHold(), [true, false]);
  await done(ben, "first", "unhold", true);
  assert.deepEqual(await onHold(), [false, true]);
  // The picture of the call that was held is alive again, and the other one's is not.
  await ann.receives({ framesDecoded: 5, audioPackets: 10 });
  await isSilent(cat);
  await cat.call("out", "end");
  await ben.saw("in.Ended");
  await ann.receives({ framesDecoded: 5 });
  await ann.call("out", "end");
  await ben.saw("in.Ended", { nth: 2 });
  await ben.isClean();
  assert.equal(await ben.ongoing(), 0);
});

test("a call that rings or is over cannot be held", async () => {
  const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
  await ring(ann, ben, "ben");
  assert.equal((await ask(ben, "in", "hold")).code, 1400101);
  await ann.call("out", "end");
  await ben.saw("in.Ended");
  assert.equal((await ask(ann, "out", "hold")).code, 1400101);
});
