/** How calls end: who ended them, with what result, told once, and corrected in silence. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallMediaEvents } from "../src/browser/direct-call/call-media.js";
import type { DirectCall } from "../src/browser/direct-call/direct-call.js";
import type { Verb } from "../src/wire/protocol.js";
import { outgoing, settle, type World } from "./fake-browser.js";
import { dial, follow, hear, rings, signedIn } from "./phone.js";
import { ended, view } from "./views.js";

/** Longer than the SDK waits for the server to confirm the other side's word. */
const PEER_END_MS = 1_500;

/** Longer than an end waits for the server. */
const END_MS = 3_500;

/** The media path was down for its limit; that it comes to this is tested with the path. */
function giveUp(call: DirectCall): void {
  const media = call._driver().media as unknown as { events: CallMediaEvents };
  media.events.onPath("failed");
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const truth = (changes = {}) =>
  ended(9, "completed", {
    ...changes,
    ended: { result: "completed", by: "dc_caller", at: 5_000, durationMs: 4_321 },
  });

/** A server that says how the call ended when it is asked to end it. */
const confirms = ({ verb }: Verb) => (verb === "end" ? { call: truth() } : {});

/** ben in a call of ann's. */
async function inCall(answer: (body: Verb) => ReturnType<World["onRequest"]> = () => ({})) {
  const { world, client } = await signedIn("ben");
  world.onRequest = (body) =>
    body.verb === "accept"
      ? { call: view({ version: 3, state: "connected", answeredLeg: 1, elapsedMs: 100 }) }
      : answer(body);
  world.socket.tell(view());
  const call = client.getCall("call-1") as DirectCall;
  call.accept();
  await settle();
  return { world, client, call, told: follow(call) };
}

test("the other side's end over the data channel: the server's word of it is taken", async () => {
  const { world, call, told } = await inCall(confirms);
  hear(world, { end: true });
  hear(world, { end: true });
  await settle();
  assert.deepEqual(told, ["Ended"]);
  assert.deepEqual([call.endResult, call.endedBy?.userId], ["completed", "ann"]);
  assert.deepEqual([call.getDuration(), call.callLog?.duration], [4_321, 4_321]);
  const sent = world.socket.asked().filter(({ verb }) => verb === "end");
  assert.deepEqual(sent, [{ verb: "end", callId: "call-1", endedByPeer: true }]);
  assert.ok(world.tracks.every((track) => !track.live));
});

test("with the server away it ends here, and is corrected without a second event", async () => {
  const { world, call, told } = await inCall(({ verb }) => (verb === "end" ? undefined : {}));
  hear(world, { end: true });
  await settle();
  assert.deepEqual([told, call.isEnded], [[], false]);
  // The media are gone at once: the other side is.
  assert.ok(world.tracks.every((track) => !track.live));
  await wait(PEER_END_MS);
  assert.deepEqual([told, call.endResult, call.endedBy?.userId], [["Ended"], "completed", "ann"]);
  assert.ok(call.getDuration() > 0);
  world.socket.tell(truth());
  assert.deepEqual(told, ["Ended"]);
  assert.deepEqual([call.getDuration(), call.callLog?.endedAt], [4_321, 5_000]);
});

test("a path that is given up ends the call here when the server is away too (F30)", async () => {
  const { call, world, told } = await inCall(({ verb }) => (verb === "media" ? undefined : {}));
  giveUp(call);
  await settle();
  assert.deepEqual([told, call.isEnded], [[], false]);
  await wait(END_MS);
  assert.deepEqual([told, call.endResult, call.endedBy], [["Ended"], "connection_lost", null]);
  assert.ok(world.tracks.every((track) => !track.live));
  const lost = { result: "connection_lost", at: 5_000, durationMs: 4_321 };
  world.socket.tell(ended(9, "connection_lost", { ended: lost }));
  assert.deepEqual([told, call.getDuration()], [["Ended"], 4_321]);
});

test("the server's word on a path that was given up is taken, and it is told once", async () => {
  const lost = { result: "connection_lost", at: 5_000, durationMs: 4_321 };
  const { call, told } = await inCall(({ verb }) =>
    verb === "media" ? { call: ended(9, "connection_lost", { ended: lost }) } : {},
  );
  giveUp(call);
  await wait(END_MS);
  assert.deepEqual([told, call.endResult], [["Ended"], "connection_lost"]);
  assert.equal(call.getDuration(), 4_321);
});

test("the clock stops when a call ends for the person, and no mute sets it back", async () => {
  const { call } = await inCall(({ verb }) => (verb === "end" ? undefined : {}));
  await wait(60);
  const before = call.getDuration();
  call.muteMicrophone();
  await settle();
  assert.ok(call.getDuration() >= before, `${call.getDuration()} after ${before}`);
  call.end();
  const final = call.getDuration();
  await wait(60);
  assert.equal(call.getDuration(), final);
});

test("what was said while it rang counts from the answer on: ended, by the caller", async () => {
  const { world, client } = await signedIn("ben");
  world.onRequest = ({ verb }) => (verb === "end" ? undefined : {});
  world.socket.tell(view());
  const call = client.getCall("call-1") as DirectCall;
  const told = follow(call);
  call.accept();
  await settle();
  // Whatever a device says while it rings has an effect once it is known to go on.
  hear(world, { end: true });
  world.socket.tell(view({ version: 2, state: "established", answeredLeg: 1 }));
  await wait(PEER_END_MS);
  assert.deepEqual(told, ["Ended"]);
  assert.deepEqual([call.endResult, call.endedBy?.userId], ["not_connected", "ann"]);
});

test("this side's end is told directly first, then to the server", async () => {
  const { world, call } = await inCall(confirms);
  const peer = world.peers.filter((one) => one.connectionState !== "closed").at(-1);
  peer?.channel.open();
  const order: string[] = [];
  const say = peer?.channel.send.bind(peer.channel);
  if (peer) {
    peer.channel.send = (text) => {
      order.push(text);
      say?.(text);
    };
  }
  const socket = world.socket;
  const send = socket.send.bind(socket);
  socket.send = (text) => {
    order.push(JSON.parse(text).body?.verb ?? "other");
    send(text);
  };
  call.end();
  await settle();
  assert.deepEqual(order.slice(0, 2), ['{"end":true}', "end"]);
  assert.equal(call.endResult, "completed");
});

test("every way to end has its result, its author and a log entry that says the same", async () => {
  const { world, client } = await signedIn("ben");
  const rung = rings(client);
  const ways = [
    ["canceled", "dc_caller", "ann"],
    ["declined", "dc_callee", "ben"],
    ["no_answer", undefined, null],
    ["other_device_accepted", undefined, null],
    ["completed", "dc_caller", "ann"],
    ["not_connected", "dc_callee", "ben"],
    ["timed_out", undefined, null],
    ["connection_lost", undefined, null],
    ["unknown", undefined, null],
  ] as const;
  for (const [n, [result, by, who]] of ways.entries()) {
    const callId = `call-${n}`;
    world.socket.tell(view({ callId }));
    const over = { result, ...(by ? { by } : {}), at: 2_000 + n, durationMs: n };
    world.socket.tell(view({ callId, version: 2, state: "ended", ended: over }));
    const call = rung[n] as DirectCall;
    const log = call.callLog;
    assert.deepEqual([call.endResult, call.endedBy?.userId ?? null], [result, who]);
    assert.deepEqual([log?.endResult, log?.endedBy?.userId ?? null], [result, who]);
    assert.deepEqual([log?.duration, log?.endedAt, log?.startedAt], [n, 2_000 + n, 1_000]);
    assert.deepEqual([log?.userRole, log?.myRole], ["dc_callee", "dc_callee"]);
    assert.equal(log?.isFromServer, false);
    assert.deepEqual([call.isEnded, call.isOngoing], [true, false]);
  }
});

test("before the end there is neither result nor author nor log", async () => {
  const { call } = await inCall();
  assert.deepEqual([call.endResult, call.endedBy, call.callLog], [null, null, null]);
});

test("signing out in a call ends it by this side; one that rings has no author", async () => {
  const { world, client, call } = await inCall();
  world.socket.tell(view({ callId: "call-2" }));
  const ringing = client.getCall("call-2") as DirectCall;
  client.deauthenticate();
  assert.deepEqual([call.endResult, call.endedBy?.userId], ["completed", "ben"]);
  assert.deepEqual([ringing.endResult, ringing.endedBy], ["unknown", null]);
});

test("a dial that fails was never a call: no author, no duration", async () => {
  const { world, client } = await signedIn();
  world.onRequest = () => ({ error: { code: 1400103, message: "no such user" } });
  const { call, told, ends } = dial(client, "nobody");
  await settle();
  assert.deepEqual([told[0]?.code, call.endResult, ends()], [1400103, "dial_failed", 1]);
  assert.deepEqual([call.endedBy, call.getDuration(), call.callLog?.duration], [null, 0, 0]);
  assert.equal(client.getOngoingCalls().length, 0);
});

test("a device tells that it rings once an application was handed the ring", async () => {
  const { world, client } = await signedIn("ben");
  world.socket.tell(view());
  await settle();
  assert.deepEqual(world.socket.verbs(), [], "nobody listens here");
  rings(client);
  world.socket.tell(view({ callId: "call-2" }));
  await settle();
  assert.deepEqual(world.socket.asked(), [{ verb: "ringing", callId: "call-2" }]);
  // A server that knows nothing of the session is told again, of what still rings.
  world.snapshot = [view({ callId: "call-2" })];
  client.getCall("call-1")?.end();
  await settle();
  world.socket.drop(1006);
  client.handleWebhookData({ call_id: "call-3" });
  await wait(3_200);
  assert.equal(world.sockets.length, 2);
  assert.deepEqual(world.socket.verbs().filter((verb) => verb !== "end"), ["ringing"]);
});

test("a listener that ends the call at once does not make it ring", async () => {
  const { world, client } = await signedIn("ben");
  client.listeners.add(1, { onRinging: (call) => call.end() });
  world.onRequest = ({ verb }) => (verb === "end" ? { call: ended(2, "declined") } : {});
  world.socket.tell(view());
  await settle();
  assert.deepEqual(world.socket.verbs(), ["end"]);
});

test("the caller sees how far the ring has reached", async () => {
  const { world, client } = await signedIn();
  const reach = (devices: number, pushes: number) => ({ reach: { devices, pushes } });
  world.onRequest = ({ verb }) => (verb === "dial" ? { call: outgoing(reach(0, 1)) } : {});
  const { call } = dial(client);
  const told = follow(call);
  assert.deepEqual([call.reach, call.ringingDevices], [{ devices: 0, pushes: 0 }, 0]);
  await settle();
  assert.deepEqual([call.reach, told], [{ devices: 0, pushes: 1 }, ["ReachChanged"]]);
  world.socket.tell(outgoing(reach(2, 1)));
  world.socket.tell(outgoing(reach(2, 1)));
  assert.deepEqual([call.ringingDevices, told.length], [2, 2]);
  world.socket.tell(outgoing({ version: 2, state: "established" }));
  assert.deepEqual([call.reach, call.ringingDevices], [{ devices: 0, pushes: 0 }, 0]);
  assert.deepEqual(told.slice(2), ["Established"]);
});
