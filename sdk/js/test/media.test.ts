/** A call's media in a pretended browser: what is opened, sent and shown, and when. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CallMedia } from "../src/browser/direct-call/call-media.js";
import { MAX_MESSAGES_A_SECOND } from "../src/core/peer-message.js";
import { CHANGE_PAUSE_MS } from "../src/core/path.js";
import { MAX_EARLY_LEGS } from "../src/browser/media/legs.js";
import type { MediaSettings, Signal } from "../src/wire/protocol.js";
import { World, settle } from "./fake-browser.js";
import { FakePeer } from "./fake-peer.js";

const ASK: Signal = { revision: 0, candidates: [] };

/** One side's media, and all that it told. */
class Side {
  readonly told: string[] = [];
  readonly signals: { readonly signal: Signal; readonly leg: number | undefined }[] = [];
  readonly remote: MediaSettings[] = [];
  readonly media: CallMedia;
  /** Where the other side's media gets what this one says, as `leg`. */
  far: { readonly side: Side; readonly leg: number } | undefined;

  constructor(isVideoCall = true) {
    this.media = new CallMedia(isVideoCall, {
      onSignal: (signal, leg) => {
        this.signals.push({ signal, leg });
        const { far } = this;
        const given = structuredClone(signal);
        if (far && (leg === undefined || leg === far.leg)) {
          queueMicrotask(() => far.side.media.handleSignal(given, far.leg));
        }
      },
      onPath: (path) => this.told.push(path),
      onReconnecting: () => this.told.push("reconnecting"),
      onReconnected: () => this.told.push("reconnected"),
      onSettings: () => this.told.push("settings"),
      onRemoteSettings: (settings) => this.remote.push(settings),
      onRemoteEnd: () => this.told.push("remote end"),
    });
  }
}

/** A caller with its devices open, and a callee's device that rings; their connections. */
async function ringing(candidates: "early" | "after_accept" = "early") {
  const world = World.install();
  const [caller, callee] = [new Side(), new Side()];
  caller.far = { side: callee, leg: 3 };
  callee.far = { side: caller, leg: 3 };
  await caller.media.open();
  caller.media.ring("dc_caller", candidates);
  callee.media.ring("dc_callee", candidates);
  caller.media.ring("dc_caller", candidates);
  callee.media.ring("dc_callee", candidates);
  await calm();
  const [far, near] = world.peers;
  assert.ok(far && near && world.peers.length === 2);
  return { world, caller, callee, callerPeer: near, calleePeer: far };
}

async function answered() {
  const all = await ringing();
  all.callee.media.accepting();
  await all.callee.media.open();
  for (const peer of [all.callerPeer, all.calleePeer]) peer.become("connected");
  all.callee.media.establish("dc_callee", 3);
  all.caller.media.establish("dc_caller", 3);
  await calm();
  return all;
}

async function calm(): Promise<void> {
  for (let n = 0; n < 12; n++) await settle();
}

function sent(peer: FakePeer): (string | undefined)[] {
  return peer.getSenders().map(({ track }) => track?.kind);
}

function end(...sides: Side[]): void {
  for (const { media } of sides) media.close();
}

const spoken = (settings: Partial<MediaSettings>): string => {
  const all = { audioEnabled: true, videoEnabled: true, onHold: false, revision: 9, ...settings };
  return JSON.stringify({ settings: all });
};

test("while it rings a path is made, and the callee opens and sends nothing (P7)", async () => {
  const { world, caller, callee, callerPeer, calleePeer } = await ringing();
  assert.ok(FakePeer.isJoined(callerPeer, calleePeer));
  assert.equal(world.captures, 1, "the caller's own");
  assert.deepEqual(sent(callerPeer), [undefined, undefined]);
  assert.deepEqual(sent(calleePeer), [undefined, undefined]);
  callerPeer.become("connected");
  calleePeer.become("connected");
  await callee.media.open();
  await calm();
  assert.deepEqual(sent(calleePeer), [undefined, undefined], "not before the server's word");
  assert.deepEqual([caller.told, callee.told], [[], []], "no path is told");
  assert.ok(caller.signals.every(({ leg }) => leg === 3));
  assert.ok(callee.signals.every(({ leg }) => leg === undefined));
  end(caller, callee);
  assert.ok(world.peers.every(({ signalingState }) => signalingState === "closed"));
  assert.ok(world.tracks.every(({ live }) => !live));
});

test("once established both send on what is there, and the path is up", async () => {
  const { world, caller, callee, callerPeer, calleePeer } = await answered();
  assert.deepEqual(sent(callerPeer), ["audio", "video"]);
  assert.deepEqual(sent(calleePeer), ["audio", "video"]);
  assert.deepEqual([caller.told, callee.told], [["up"], ["up"]]);
  assert.equal(world.peers.length, 2);
  end(caller, callee);
});

test("candidates are kept until the person answers, where that is wished", async () => {
  const { caller, callee, callerPeer, calleePeer } = await ringing("after_accept");
  assert.ok(FakePeer.isJoined(callerPeer, calleePeer));
  assert.deepEqual([callerPeer.candidates.length, calleePeer.candidates.length], [0, 0]);
  callee.media.accepting();
  await calm();
  assert.deepEqual([callerPeer.candidates.length, calleePeer.candidates.length], [2, 2]);
  end(caller, callee);
});

test("each leg that asks gets a connection, up to the limit; one goes on", async () => {
  const world = World.install();
  const caller = new Side();
  await caller.media.open();
  for (let leg = 0; leg < 10; leg++) caller.media.handleSignal(ASK, leg);
  assert.equal(world.peers.length, 0, "it is not known yet that it rings");
  caller.media.ring("dc_caller", "early");
  await calm();
  assert.equal(world.peers.length, MAX_EARLY_LEGS);
  assert.deepEqual(new Set(caller.signals.map(({ leg }) => leg)), new Set([0, 1, 2, 3]));
  caller.media.establish("dc_caller", 2);
  caller.media.establish("dc_caller", 1);
  await calm();
  const open = world.peers.filter(({ signalingState }) => signalingState !== "closed");
  assert.deepEqual(open, [world.peers[2]]);
  const before = caller.signals.length;
  caller.media.handleSignal(ASK, 1);
  await calm();
  assert.deepEqual([world.peers.length, caller.signals.length], [MAX_EARLY_LEGS, before]);
  end(caller);
});

test("a leg that does not ask gets no early connection", async () => {
  const world = World.install();
  const caller = new Side();
  caller.media.ring("dc_caller", "early");
  caller.media.handleSignal({ revision: 5, candidates: [] }, 0);
  await calm();
  assert.deepEqual([world.peers.length, caller.signals.length], [0, 0]);
  end(caller);
});

test("a leg without an early connection gets one when it has answered", async () => {
  const world = World.install();
  const caller = new Side(false);
  await caller.media.open();
  caller.media.ring("dc_caller", "early");
  caller.media.handleSignal(ASK, 0);
  caller.media.establish("dc_caller", 7);
  await calm();
  const [early, late] = world.peers;
  assert.equal(early?.signalingState, "closed");
  assert.deepEqual(late && sent(late), ["audio"]);
  assert.equal(caller.signals.at(-1)?.leg, undefined);
  end(caller);
});

test("what a peer says before the answer counts only if it is the one that answers", async () => {
  for (const leg of [0, 1]) {
    const world = World.install();
    const caller = new Side();
    caller.media.ring("dc_caller", "early");
    for (const one of [0, 1]) caller.media.handleSignal(ASK, one);
    await calm();
    world.peers[0]?.channel.onmessage?.({ data: spoken({ onHold: true }) });
    world.peers[0]?.channel.onmessage?.({ data: '{"end":true}' });
    assert.deepEqual([caller.told, caller.remote], [[], []]);
    caller.media.establish("dc_caller", leg);
    await calm();
    assert.deepEqual(caller.told, leg === 0 ? ["remote end"] : []);
    assert.equal(caller.remote.length, leg === 0 ? 1 : 0);
    end(caller);
  }
});

test("settings and the end pass over the channel, from its opening on", async () => {
  const { caller, callee, callerPeer, calleePeer } = await answered();
  caller.media.setAudio(false);
  assert.deepEqual(callerPeer.channel.sent, []);
  callerPeer.channel.open();
  const first = { audioEnabled: false, videoEnabled: true, onHold: false, revision: 1 };
  assert.deepEqual(callerPeer.channel.sent.map((text) => JSON.parse(text)), [{ settings: first }]);
  caller.media.setAudio(true);
  caller.media.setAudio(true);
  caller.media.stopVideo();
  const revisions = callerPeer.channel.sent.map((text) => JSON.parse(text).settings.revision);
  assert.deepEqual(revisions, [1, 2, 3]);
  assert.equal(caller.told.filter((name) => name === "settings").length, 3);
  calleePeer.channel.onmessage?.({ data: callerPeer.channel.sent[2] });
  assert.deepEqual(callee.remote.map(({ revision }) => revision), [3]);
  end(caller, callee);
});

test("a flood of messages is cut, and nonsense is passed over", async () => {
  const { caller, callee, callerPeer } = await answered();
  for (const data of ["", "{}", new ArrayBuffer(8), '{"end":"yes"}']) {
    callerPeer.channel.onmessage?.({ data });
  }
  for (let revision = 10; revision < 500; revision++) {
    callerPeer.channel.onmessage?.({ data: spoken({ revision }) });
  }
  assert.equal(caller.remote.length, MAX_MESSAGES_A_SECOND - 4);
  assert.deepEqual(caller.told, ["up"]);
  end(caller, callee);
});

test("no message of the other side opens a device or sends what is off (P7)", async () => {
  const { world, caller, callee, callerPeer } = await answered();
  caller.media.stopVideo();
  const before = world.captures;
  for (let revision = 10; revision < 40; revision++) {
    const data = spoken({ onHold: revision % 2 === 0, revision });
    callerPeer.channel.onmessage?.({ data });
    caller.media.handleRemoteSettings(JSON.parse(data).settings);
  }
  await calm();
  assert.equal(world.captures, before);
  assert.deepEqual(sent(callerPeer), ["audio", undefined]);
  assert.deepEqual(caller.media.settings.videoEnabled, false);
  end(caller, callee);
});

test("on hold neither side sends, the holder's camera is off and nothing is played", async () => {
  const { world, caller, callee, callerPeer, calleePeer } = await answered();
  const cameras = (): number =>
    world.tracks.filter(({ kind, live }) => kind === "video" && live).length;
  const played = (): boolean[] =>
    calleePeer.getTransceivers().map(({ receiver }) => receiver.track.enabled);
  assert.equal(cameras(), 2);
  callee.media.setHold(true);
  callerPeer.channel.onmessage?.({ data: spoken(callee.media.settings) });
  await calm();
  assert.deepEqual([sent(callerPeer), sent(calleePeer)], [
    [undefined, undefined], [undefined, undefined],
  ]);
  assert.equal(cameras(), 1, "the other side's own picture stays");
  assert.deepEqual(played(), [false, false]);
  callee.media.stopVideo();
  callee.media.startVideo();
  assert.equal(cameras(), 1, "a held call opens no camera");
  callee.media.setHold(false);
  callerPeer.channel.onmessage?.({ data: spoken(callee.media.settings) });
  await calm();
  assert.deepEqual([sent(callerPeer), sent(calleePeer)], [["audio", "video"], ["audio", "video"]]);
  assert.equal(cameras(), 2);
  assert.deepEqual(played(), [true, true]);
  callee.media.setHold(true);
  callee.media.setHold(false);
  callee.media.setHold(true);
  await calm();
  assert.equal(cameras(), 1, "the last wish counts");
  end(caller, callee);
});

test("settings older than known ones change nothing, whichever way they came", async () => {
  const { caller, callee, callerPeer } = await answered();
  caller.media.handleRemoteSettings(JSON.parse(spoken({ onHold: true, revision: 12 })).settings);
  callerPeer.channel.onmessage?.({ data: spoken({ onHold: false, revision: 11 }) });
  await calm();
  assert.deepEqual(sent(callerPeer), [undefined, undefined]);
  end(caller, callee);
});

test("a call that turns out to be an audio call closes its camera, also a late one", async () => {
  for (const isLate of [false, true]) {
    const world = World.install();
    let grant = (): void => undefined;
    if (isLate) world.grant = new Promise((resolve) => (grant = resolve));
    const side = new Side();
    const open = side.media.open();
    if (!isLate) await open;
    side.media.becomeAudioCall();
    grant();
    await open;
    assert.deepEqual(world.tracks.map(({ kind, live }) => [kind, live]), [
      ["audio", true], ["video", false],
    ]);
    assert.equal(side.media.isVideoCall, false);
    side.media.startVideo();
    side.media.setHold(true);
    side.media.setHold(false);
    await calm();
    assert.equal(world.captures, 1);
    end(side);
  }
});

test("a dialled call that becomes another's answer starts as the callee", async () => {
  const world = World.install();
  const side = new Side(false);
  await side.media.open();
  side.media.ring("dc_caller", "early");
  side.media.handleSignal(ASK, 0);
  side.media.establish("dc_callee", 4);
  await calm();
  assert.equal(world.peers[0]?.signalingState, "closed");
  assert.deepEqual(side.signals.at(-1), { signal: ASK, leg: undefined });
  end(side);
});

test("last words are waited for, a little; everything else stops at once", async () => {
  const { world, caller, callee, callerPeer, calleePeer } = await answered();
  callerPeer.channel.open();
  calleePeer.channel.open();
  caller.media.tellEnd();
  caller.media.close();
  assert.deepEqual(JSON.parse(callerPeer.channel.sent.at(-1) ?? ""), { end: true });
  assert.equal(callerPeer.signalingState, "stable", "the connection has to carry them");
  assert.ok(world.tracks.filter(({ live }) => live).length === 2, "the callee's own");
  await calm();
  assert.deepEqual(sent(callerPeer), [undefined, undefined]);
  calleePeer.channel.onmessage?.({ data: callerPeer.channel.sent.at(-1) });
  assert.equal(callee.told.at(-1), "remote end");
  callerPeer.channel.close();
  assert.equal(callerPeer.signalingState, "closed", "the other side has closed");
  callee.media.tellEnd();
  callee.media.close();
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(calleePeer.signalingState, "closed", "nobody closed, and the time is over");
});

test("an outage: told in a pair, and either side tries to mend it", async () => {
  const { caller, callee, callerPeer, calleePeer } = await answered();
  for (const peer of [callerPeer, calleePeer]) peer.become("failed");
  await calm();
  assert.ok(callerPeer.restarts > 0, "the caller at once");
  assert.ok(FakePeer.isJoined(callerPeer, calleePeer));
  for (const peer of [callerPeer, calleePeer]) peer.become("connected");
  const pairs = ["up", "down", "reconnecting", "up", "reconnected"];
  assert.deepEqual([caller.told, callee.told], [pairs, pairs]);
  callee.media.networkChanged();
  await new Promise((resolve) => setTimeout(resolve, CHANGE_PAUSE_MS + 100));
  await calm();
  assert.ok(FakePeer.isJoined(callerPeer, calleePeer));
  assert.ok(calleePeer.restarts > 0, "the callee knows of its own network");
  end(caller, callee);
});
