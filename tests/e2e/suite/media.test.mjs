/** The path between two pages: ready before the answer, silent until it, and hard to lose. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agreeOn, connect, ring, stage } from "../harness/stage.mjs";

const here = stage();
const RECONNECT_MS = 20_000;
/** Time in which something would be seen that must not happen. */
const WATCH_MS = 700;

const asks = (verb) => (message) => message.type === "request" && message.body.verb === verb;
const signals = (gate) => gate.sent.map((text) => JSON.parse(text))
  .filter(asks("signal")).map(({ body }) => body);

/** Resolves once a condition holds in the page, which is asked again and again. */
const until = (device, condition, given) => device.page.waitForFunction(condition, given);
const isReady = () => e2e.peers.some((peer) => peer.connectionState === "connected");
const openPeers = (device) => device.page.evaluate(() => (
  e2e.peers.filter((peer) => peer.connectionState !== "closed").length));
const camerasOn = (device) => device.page.evaluate(() => (
  e2e.tracks.filter((track) => track.kind === "video" && track.readyState === "live").length));

/** Media packets that came in and went out, over all connections of the page. */
const packets = (device) => device.page.evaluate(async () => {
  const sum = { in: 0, out: 0 };
  for (const peer of e2e.peers.filter((peer) => peer.connectionState !== "closed")) {
    for (const stat of (await peer.getStats()).values()) {
      if (stat.type === "inbound-rtp") sum.in += stat.packetsReceived;
      if (stat.type === "outbound-rtp") sum.out += stat.packetsSent;
    }
  }
  return sum;
});

const pass = (ms) => new Promise((settle) => setTimeout(settle, ms));

/** Fails if media moves while time passes; what was on its way may arrive first. */
async function isSilent(...devices) {
  await pass(WATCH_MS);
  const before = await Promise.all(devices.map(packets));
  await pass(WATCH_MS);
  assert.deepEqual(await Promise.all(devices.map(packets)), before);
}

async function pair(options) {
  return Promise.all([
    here.signedIn("ann", { gated: true, ...options }),
    here.signedIn("ben", { gated: true, ...options }),
  ]);
}

const settled = (result, callId, ann, ...callees) => agreeOn(result, callId, {
  server: here.server, caller: ann, callees,
});

test("the path is up while it rings; before the answer nothing is captured or sent", async () => {
  const [ann, ben] = await pair();
  const callId = await ring(ann, ben, "ben", { isVideoCall: true });
  await Promise.all([until(ann, isReady), until(ben, isReady)]);
  await isSilent(ann, ben);
  for (const device of [ann, ben]) assert.deepEqual(await packets(device), { in: 0, out: 0 });
  assert.deepEqual(await ben.page.evaluate(() => [e2e.captures.length, e2e.tracks.length]), [0, 0]);
  for (const device of [ann, ben]) {
    const shown = await device.page.evaluate(() => document.getElementById("remote").srcObject);
    assert.equal(shown, null);
    const sends = await device.page.evaluate(() => (
      e2e.peers.flatMap((peer) => peer.getSenders()).filter((sender) => sender.track).length));
    assert.equal(sends, 0, "no track hangs on a connection");
  }
  const described = () => [ann, ben].map(({ gate }) => (
    signals(gate).filter(({ signal }) => signal.description).length));
  const before = described();

  await ben.accept();
  const flows = { framesDecoded: 10, audioPackets: 20 };
  await Promise.all([ann.saw("out.Connected"), ben.saw("in.Connected")]);
  await Promise.all([ann.receives(flows), ben.receives(flows)]);
  assert.deepEqual(described(), before, "nothing is negotiated after the answer");
  assert.deepEqual(await Promise.all([ann, ben].map(openPeers)), [1, 1]);
  await ann.call("out", "end");
  await settled("completed", callId, ann, ben);
});

test("a ring that comes to nothing leaves no connection behind (P12)", async () => {
  const [ann, ben] = await pair();
  const callId = await ring(ann, ben, "ben");
  await Promise.all([until(ann, isReady), until(ben, isReady)]);
  await ben.call("in", "end");
  await settled("declined", callId, ann, ben);
});

test("where the application asks for it, no address is told before the answer", async () => {
  const appId = await here.server.secondApp();
  await here.server.command("app", "set", "--callee-candidates", "after-accept", appId);
  const [ann, ben] = await pair({ appId });
  await ring(ann, ben, "ben");
  await ben.gate.said((message) => asks("signal")(message) && message.body.signal.description);
  await pass(WATCH_MS);
  for (const { signal } of signals(ben.gate)) {
    assert.deepEqual(signal.candidates, []);
    assert.doesNotMatch(signal.description?.sdp ?? "", /a=candidate|^c=IN IP[46] (?!0\.0\.0\.0)/m);
  }
  for (const device of [ann, ben]) {
    assert.equal(await device.page.evaluate(isReady), false, "nothing was tried");
    assert.deepEqual(await packets(device), { in: 0, out: 0 });
  }
  await ben.accept();
  await Promise.all([ann.saw("out.Connected"), ben.saw("in.Connected")]);
  assert.ok(signals(ben.gate).some(({ signal }) => signal.candidates.length > 0));
  await Promise.all([ann.receives({ audioPackets: 20 }), ben.receives({ audioPackets: 20 })]);
  await ann.call("out", "end");
  await Promise.all([ann, ben].map((device) => device.isClean()));
});

test("three devices ring, one answers: the others' connections close", async () => {
  const [ann, one, two, three] = await Promise.all(
    ["ann", "ben", "ben", "ben"].map((id) => here.signedIn(id)));
  await Promise.all([
    ann.dial("ben", { isVideoCall: true }), ...[one, two, three].map((tab) => tab.saw("ringing")),
  ]);
  const ready = () => e2e.peers.filter((peer) => peer.connectionState === "connected").length === 3;
  await until(ann, ready);
  assert.equal(await openPeers(ann), 3);
  await two.accept();
  await Promise.all([ann.saw("out.Connected"), two.saw("in.Connected")]);
  await Promise.all([one.isClean(), three.isClean()]);
  assert.equal(await openPeers(ann), 1);
  assert.deepEqual(await Promise.all([one, three].map((tab) => (
    tab.page.evaluate(() => e2e.captures.length)))), [0, 0]);
  await Promise.all([ann.receives({ framesDecoded: 10 }), two.receives({ framesDecoded: 10 })]);
  await two.call("in", "end");
  const { callId } = await ann.saw("out.Ended");
  await settled("completed", callId, ann, two);
});

test("the fifth device has no connection while it rings and may answer all the same", async () => {
  const [ann, ...tabs] = await Promise.all(
    ["ann", "ben", "ben", "ben", "ben", "ben"].map((id) => here.signedIn(id)));
  await Promise.all([ann.dial("ben"), ...tabs.map((tab) => tab.saw("ringing"))]);
  await until(ann, () => (
    e2e.peers.filter((peer) => peer.connectionState === "connected").length === 4));
  await pass(WATCH_MS);
  assert.equal(await openPeers(ann), 4);
  const ready = await Promise.all(tabs.map((tab) => tab.page.evaluate(isReady)));
  const fifth = tabs[ready.indexOf(false)];
  await fifth.accept();
  await Promise.all([ann.saw("out.Connected"), fifth.saw("in.Connected")]);
  await Promise.all([ann.receives({ audioPackets: 20 }), fifth.receives({ audioPackets: 20 })]);
  assert.equal(await openPeers(ann), 1);
  await fifth.call("in", "end");
  const { callId } = await ann.saw("out.Ended");
  await settled("completed", callId, ann, fifth);
});

test("a path that does not come up early is tried on fresh connections", async () => {
  const [ann, ben] = await pair();
  for (const { page } of [ann, ben]) {
    await page.evaluate(() => {
      // Candidates that lead nowhere, as names that nobody resolves do.
      const add = RTCPeerConnection.prototype.addIceCandidate;
      e2e.isBlind = true;
      RTCPeerConnection.prototype.addIceCandidate = function (...given) {
        return e2e.isBlind ? Promise.resolve() : add.apply(this, given);
      };
    });
  }
  const callId = await ring(ann, ben, "ben");
  await ben.gate.said((message) => asks("signal")(message) && message.body.signal.description);
  await pass(WATCH_MS);
  for (const device of [ann, ben]) {
    assert.equal(await device.page.evaluate(isReady), false);
    await device.page.evaluate(() => { e2e.isBlind = false; });
  }
  await ben.accept();
  await Promise.all([ann.saw("out.Connected"), ben.saw("in.Connected")]);
  await Promise.all([ann.receives({ audioPackets: 20 }), ben.receives({ audioPackets: 20 })]);
  assert.deepEqual(await Promise.all([ann, ben].map(openPeers)), [1, 1]);
  assert.equal(await ann.page.evaluate(() => e2e.peers.length), 2);
  await ann.call("out", "end");
  await settled("completed", callId, ann, ben);
});

test("hold: silence both ways and no camera light; taken back, all as before", async () => {
  const [ann, ben] = await pair();
  const callId = await connect(ann, ben, "ben", { isVideoCall: true });
  const flows = { framesDecoded: 10, audioPackets: 20 };
  await Promise.all([ann.receives(flows), ben.receives(flows)]);
  for (const [side, holder] of [["in", ben], ["out", ann]]) {
    await holder.call(side, "hold");
    await isSilent(ann, ben);
    assert.equal(await camerasOn(holder), 0, "the light is off");
    await holder.call(side, "unhold", true);
    await Promise.all([ann.receives(flows), ben.receives(flows)]);
    assert.equal(await camerasOn(holder), 1);
  }
  await ben.call("in", "stopVideo");
  await ben.call("in", "hold");
  await ben.call("in", "unhold", true);
  await ann.receives({ audioPackets: 20 });
  assert.equal(await camerasOn(ben), 0, "what was off stays off");
  await ann.call("out", "end");
  await settled("completed", callId, ann, ben);
});

test("mute passes between the peers while signalling is down, and is told once", async () => {
  const [ann, ben] = await pair();
  const callId = await connect(ann, ben, "ben");
  await Promise.all([ann.gate.cut({ stay: true }), ben.gate.cut({ stay: true })]);
  await ben.call("in", "muteMicrophone");
  const muted = await ann.saw("out.RemoteAudioSettingsChanged", { within: 2000 });
  assert.equal(muted.isRemoteAudioEnabled, false);
  ann.gate.open();
  ben.gate.open();
  const heard = () => ann.gate.received.map((text) => JSON.parse(text)).some(({ body }) => (
    body?.event === "call" && body.call.state === "connected"
      && body.call.calleeSettings.audioEnabled === false));
  for (const limit = Date.now() + RECONNECT_MS; !heard() && Date.now() < limit;) await pass(50);
  assert.ok(heard(), "the server's word came too");
  await ben.call("in", "unmuteMicrophone");
  await ann.saw("out.RemoteAudioSettingsChanged", { nth: 2 });
  assert.equal(await ann.count("out.RemoteAudioSettingsChanged"), 2);
  await ann.call("out", "end");
  await settled("completed", callId, ann, ben);
});

for (const [who, cuts] of [["the other side's", ["ann"]], ["both", ["ann", "ben"]]]) {
  test(`hanging up ends the call here too while ${who} signalling is down`, async () => {
    const [ann, ben] = await pair();
    const callId = await connect(ann, ben, "ben", { isVideoCall: true });
    const cut = [ann, ben].slice(0, cuts.length);
    await Promise.all(cut.map(({ gate }) => gate.cut({ stay: true })));
    await ben.call("in", "end");
    const ended = await ann.saw("out.Ended", { within: 5000 });
    assert.deepEqual([ended.endResult, ended.endedBy], ["completed", "ben"]);
    await Promise.all([ann.isClean(), ben.isClean()]);
    for (const { gate } of cut) gate.open();
    await ben.saw("in.Ended", { within: RECONNECT_MS });
    const passesOn = (message) => asks("end")(message) && message.body.endedByPeer;
    await ann.gate.said(passesOn, RECONNECT_MS);
    let row = await here.server.callRow(callId);
    for (const limit = Date.now() + RECONNECT_MS; row.state !== "ended" && Date.now() < limit;) {
      await pass(100);
      row = await here.server.callRow(callId);
    }
    assert.deepEqual([row.end_result, row.ended_by], ["completed", "ben"]);
    for (const [device, side] of [[ann, "out"], [ben, "in"]]) {
      assert.equal(await device.count(`${side}.Ended`), 1);
    }
  });
}

test("both renegotiate at the same moment, 20 times: each time it settles (F22)", async () => {
  const [ann, ben] = await pair();
  const callId = await connect(ann, ben, "ben", { isVideoCall: true });
  const offers = ({ gate }) => signals(gate).filter(
    ({ signal }) => signal.description?.type === "offer").length;
  let collisions = 0;
  for (let round = 0; round < 20; round += 1) {
    const fragment = (device) => device.page.evaluate(() => {
      const peer = e2e.peers.find((one) => one.connectionState !== "closed");
      return peer.localDescription.sdp.match(/a=ice-ufrag:\S+/)[0];
    });
    const old = await Promise.all([fragment(ann), fragment(ben)]);
    const before = [offers(ann), offers(ben)];
    // Both within 50 ms: the distance is the input of this test.
    const restart = (device, wait) => device.page.evaluate((wait) => {
      const peer = e2e.peers.find((one) => one.connectionState !== "closed");
      setTimeout(() => peer.restartIce(), wait);
    }, wait);
    await Promise.all([restart(ann, 0), restart(ben, (round % 6) * 10)]);
    await Promise.all([ann, ben].map((device, at) => until(device, (old) => {
      const peer = e2e.peers.find((one) => one.connectionState !== "closed");
      return peer.signalingState === "stable" && peer.connectionState === "connected"
        && !peer.localDescription.sdp.includes(old);
    }, old[at])));
    if (offers(ann) > before[0] && offers(ben) > before[1]) collisions += 1;
  }
  assert.ok(collisions > 0, "some time both offered");
  assert.deepEqual(await Promise.all([ann, ben].map(openPeers)), [1, 1]);
  const flows = { framesDecoded: 10, audioPackets: 20 };
  await Promise.all([ann.receives(flows), ben.receives(flows)]);
  assert.equal(await ann.count("out.Reconnecting") + await ben.count("in.Reconnecting"), 0);
  await ann.call("out", "end");
  await settled("completed", callId, ann, ben);
});

test("both stop and start their cameras at the same moment, 20 times: both see (F22)", async () => {
  const [ann, ben] = await pair();
  const callId = await connect(ann, ben, "ben", { isVideoCall: true });
  // A question of the ring may be answered late, by the same description again: a new one has
  // another revision and another version in its origin line.
  const described = () => [ann, ben].map(({ gate }) => [...new Set(signals(gate).flatMap(
    ({ signal: { revision, description } }) => (
      description ? `${revision} ${description.sdp.match(/^o=.*/m)}` : [])))]);
  const before = described();
  const blink = ([side, wait]) => new Promise((settle) => setTimeout(() => {
    e2e[side].stopVideo();
    e2e[side].startVideo();
    settle();
  }, wait));
  for (let round = 0; round < 20; round += 1) {
    await Promise.all([
      ann.page.evaluate(blink, ["out", 0]), ben.page.evaluate(blink, ["in", (round % 6) * 10]),
    ]);
  }
  await Promise.all([ann.receives({ framesDecoded: 10 }), ben.receives({ framesDecoded: 10 })]);
  assert.deepEqual(await Promise.all([ann, ben].map(camerasOn)), [1, 1], "one camera each");
  assert.deepEqual(described(), before, "a camera needs no negotiation");
  await ann.call("out", "end");
  await settled("completed", callId, ann, ben);
});

/** Makes the page believe the browser to say this of its connection, for a time. */
const pretend = (device, state, ms) => device.page.evaluate(([state, ms]) => {
  const peer = e2e.peers.find((one) => one.connectionState !== "closed");
  const say = () => peer.dispatchEvent(new Event("connectionstatechange"));
  Object.defineProperty(peer, "connectionState", { configurable: true, value: state });
  say();
  return new Promise((settle) => setTimeout(() => {
    delete peer.connectionState;
    say();
    settle();
  }, ms));
}, [state, ms]);

test("a flicker is not told, an outage in a pair, neither ends the call (F33)", async () => {
  const [ann, ben] = await pair();
  const callId = await connect(ann, ben, "ben");
  await pretend(ann, "disconnected", 600);
  assert.equal(await ann.count("out.Reconnecting"), 0);
  await pretend(ann, "disconnected", 1600);
  const names = await ann.page.evaluate(() => e2e.events.map(({ name }) => name)
    .filter((name) => /Reconnect|Ended/.test(name)));
  assert.deepEqual(names, ["out.Reconnecting", "out.Reconnected"]);
  await Promise.all([ann.receives({ audioPackets: 20 }), ben.receives({ audioPackets: 20 })]);
  await ann.call("out", "end");
  await settled("completed", callId, ann, ben);
});
