/** Messages that cross, come late, come twice or do not come for a while. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agreeOn, connect, ring, stage } from "../harness/stage.mjs";

const here = stage();
/** The SDK waits 2 s before it connects again, and more after a refusal. */
const RECONNECT_MS = 20_000;

const asks = (verb) => (message) => message.type === "request" && message.body.verb === verb;

async function pair(options) {
  return Promise.all([here.signedIn("ann", { gated: true }), here.signedIn("ben", {
    gated: true, ...options,
  })]);
}

test("answering a call that was cancelled meanwhile ends it, once (F15)", async () => {
  const [ann, ben] = await pair();
  const callId = await ring(ann, ben, "ben", { isVideoCall: true });
  ben.gate.hold();
  await ann.call("out", "end");
  await ann.saw("out.Ended");
  await ben.accept();
  await ben.gate.said(asks("accept"));
  ben.gate.release();
  assert.equal((await ben.saw("in.Ended", { within: 2000 })).endResult, "canceled");
  assert.equal(await ben.count("in.Connected"), 0);
  await agreeOn("canceled", callId, { server: here.server, caller: ann, callees: [ben] });
});

for (const delay of [0, 50, 500]) {
  test(`hanging up ${delay} ms after dialling rings nobody for long (F16)`, async () => {
    const [ann, ben] = await pair();
    await ann.page.evaluate((delay) => {
      const callback = (call, error) => {
        e2e.note("dialled", call ?? null, { code: error?.code ?? null });
      };
      const call = SendBirdCall.dial(
        { userId: "ben", isVideoCall: false, callOption: e2e.views() }, callback);
      e2e.follow(call, "out");
      // The delay is the input of this test.
      if (delay === 0) call.end();
      else setTimeout(() => call.end(), delay);
    }, delay);
    const [ended, dialled] = await Promise.all([ann.saw("out.Ended"), ann.saw("dialled")]);
    assert.ok(dialled.code === 1800100 || dialled.code === null, `code ${dialled.code}`);
    if (delay === 0) assert.equal(dialled.code, 1800100);
    assert.equal(ended.endResult, "canceled");

    // Events of a device come in order: when a later call rings, the first is settled.
    await ann.dial("ben");
    const fresh = await ann.saw("dialled", { nth: 2 });
    let rings = 1;
    while ((await ben.saw("ringing", { nth: rings })).callId !== fresh.callId) rings += 1;
    assert.ok(rings <= 2);
    if (rings === 2) {
      const stopped = await ben.saw("in.Ended", { within: 1000 });
      // Its id is the server's; the caller who hung up first may never have learned it.
      assert.equal(stopped.callId, (await ben.saw("ringing")).callId);
      assert.equal(stopped.endResult, "canceled");
    }
    await ann.call("out", "end");
    await ann.saw("out.Ended", { nth: 2 });
    await ann.isClean();
  });
}

test("a dial or a ring repeated after the end is ignored (F17)", async () => {
  const [ann, ben] = await pair();
  await ring(ann, ben, "ben");
  const dialled = await ann.gate.said(asks("dial"));
  const rang = ben.gate.received.find((text) => {
    const { type, body } = JSON.parse(text);
    return type === "event" && body.event === "call" && body.call.state === "ringing";
  });
  assert.ok(rang, "the ring came as an event");
  await ann.call("out", "end");
  await ben.saw("in.Ended");
  ann.gate.toServer(dialled);
  ben.gate.toPage(rang);

  // A call that is really new rings; the repeated ones did not.
  await ann.dial("ben");
  const fresh = await ann.saw("dialled", { nth: 2 });
  assert.equal((await ben.saw("ringing", { nth: 2 })).callId, fresh.callId);
  assert.equal(await ben.count("ringing"), 2);
  assert.equal((await here.server.callRows()).filter(({ state }) => state !== "ended").length, 1);
  await ann.call("out", "end");
  await ben.saw("in.Ended", { nth: 2 });
});

test("a device that connects after the end is not rung for it (F19)", async () => {
  const [ann, ben] = await Promise.all([here.signedIn("ann"), here.device()]);
  await here.server.users("late");
  await ann.dial("late");
  await ann.saw("dialled");
  await ann.call("out", "end");
  await ann.saw("out.Ended");
  await ben.signIn("late");
  await ann.dial("late");
  const fresh = await ann.saw("dialled", { nth: 2 });
  assert.equal((await ben.saw("ringing")).callId, fresh.callId);
  assert.equal(await ben.count("ringing"), 1);
  await ann.call("out", "end");
  await ben.saw("in.Ended");
});

test("the socket drops at the accept: it is sent after the reconnect (F18)", async () => {
  const [ann, ben] = await pair();
  const callId = await ring(ann, ben, "ben", { isVideoCall: true });
  await ben.gate.cut({ stay: true });
  await ben.accept();
  ben.gate.open();
  await Promise.all([
    ann.saw("out.Connected", { within: RECONNECT_MS }),
    ben.saw("in.Connected", { within: RECONNECT_MS }),
  ]);
  assert.equal(await ben.count("ringing"), 1);
  await ann.call("out", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [ben] });
});

test("the socket drops at the accept and the caller gives up: its real result (F18)", async () => {
  const [ann, ben] = await pair();
  const callId = await ring(ann, ben, "ben");
  await ben.gate.cut({ stay: true });
  await ben.accept();
  await ann.call("out", "end");
  await ann.saw("out.Ended");
  ben.gate.open();
  await ben.saw("in.Ended", { within: RECONNECT_MS });
  await agreeOn("canceled", callId, { server: here.server, caller: ann, callees: [ben] });
});

test("the only socket closes while ringing and comes back: it still rings (F25)", async () => {
  const [ann, ben] = await pair();
  const callId = await ring(ann, ben, "ben");
  const hellos = () => ben.gate.sent.filter((text) => JSON.parse(text).type === "hello").length;
  const before = hellos();
  await ben.gate.cut();
  await ben.gate.said(() => hellos() > before, RECONNECT_MS);
  await ben.accept();
  await ben.saw("in.Connected", { within: RECONNECT_MS });
  assert.equal(await ben.count("ringing"), 1);
  await ben.call("in", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [ben] });
});

test("the ring is lost with its socket: told once, and accepted (F36)", async () => {
  const [ann, ben] = await pair();
  ben.gate.hold();
  await ann.dial("ben", { isVideoCall: true });
  const { callId } = await ann.saw("dialled");
  const isRing = ({ type, body }) => type === "event" && body.call?.callId === callId;
  await ben.gate.heard(isRing);
  assert.equal(await ben.count("ringing"), 0, "it is on its way");
  await ben.gate.cut();
  ben.gate.lose();
  assert.equal((await ben.saw("ringing", { within: RECONNECT_MS })).callId, callId);
  // And once more, with the ring known.
  const welcomes = () => ben.gate.received.filter((text) => JSON.parse(text).type === "welcome");
  const before = welcomes().length;
  await ben.gate.cut();
  await ben.gate.heard(() => welcomes().length > before, RECONNECT_MS);
  await ben.accept();
  await Promise.all([
    ann.saw("out.Connected", { within: RECONNECT_MS }),
    ben.saw("in.Connected", { within: RECONNECT_MS }),
  ]);
  assert.equal(await ben.count("ringing"), 1);
  await ben.call("in", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [ben] });
});

test("accepting after the ringing time-out, just back, says no answer (F25)", async () => {
  const [ann, ben] = await pair();
  await ann.page.evaluate(() => SendBirdCall.setRingingTimeout(2));
  const callId = await ring(ann, ben, "ben");
  await ben.gate.cut({ stay: true });
  await ann.saw("out.Ended");
  await ben.accept();
  ben.gate.open();
  await ben.saw("in.Ended", { within: RECONNECT_MS });
  await agreeOn("no_answer", callId, { server: here.server, caller: ann, callees: [ben] });
});

test("a lost socket in a call changes nothing: mute and end work after it (P5)", async () => {
  const [ann, ben] = await pair();
  const callId = await connect(ann, ben, "ben");
  await ben.gate.cut({ stay: true });
  await ben.call("in", "muteMicrophone");
  ben.gate.open();
  const muted = await ann.saw("out.RemoteAudioSettingsChanged", { within: RECONNECT_MS });
  assert.equal(muted.isRemoteAudioEnabled, false);
  assert.equal(await ann.count("out.Reconnecting"), 0);
  await ben.call("in", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [ben] });
});
