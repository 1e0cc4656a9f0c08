/** Two users dial each other: the dialled object becomes the call that its dial answered. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DirectCall } from "../src/browser/direct-call/direct-call.js";
import { outgoing, settle, type World } from "./fake-browser.js";
import { dial, follow, rings, signedIn } from "./phone.js";
import { ended, view } from "./views.js";

/** ben dials ann while ann's call to ben rings; the server takes it for the acceptance. */
const answered = (changes = {}) =>
  view({ version: 2, state: "established", answeredLeg: 1, elapsedMs: 0, ...changes });

function answersTheDial(world: World, changes = {}): void {
  world.onRequest = ({ verb }) => (verb === "dial" ? { call: answered(changes) } : {});
}

const live = (world: World) => world.tracks.filter((track) => track.live).map(({ kind }) => kind);

test("dialling who rings here answers: one object goes on, the other ended elsewhere", async () => {
  const { world, client } = await signedIn("ben");
  const rung = rings(client);
  world.socket.tell(view());
  const [rang] = rung as [DirectCall];
  const old = follow(rang);
  answersTheDial(world);
  const order: string[] = [];
  const { call, told } = dial(client, "ann");
  const own = follow(call, order);
  const seen = () => [client.getOngoingCalls().length, client.getCall("call-1") === call];
  await settle();
  assert.deepEqual(told.map(({ code }) => code), [undefined]);
  assert.deepEqual(own, ["Established"]);
  assert.deepEqual(old, ["Ended"]);
  assert.equal(rang.endResult, "other_device_accepted");
  assert.deepEqual([call.callId, call.myRole], ["call-1", "dc_callee"]);
  assert.deepEqual([call.localUser.userId, call.remoteUser.userId], ["ben", "ann"]);
  assert.deepEqual(seen(), [1, true]);
  assert.deepEqual(world.socket.verbs(), ["ringing", "dial"]);
  assert.deepEqual(live(world), ["audio", "video"]);
  // What the application still does with the object that rang is nothing to the call.
  rang.end();
  rang.accept();
  world.socket.tell(answered({ version: 3, state: "connected" }));
  world.socket.tell(ended(4, "completed"));
  await settle();
  assert.deepEqual(own, ["Established", "Connected", "Ended"]);
  assert.deepEqual(old, ["Ended"]);
  assert.deepEqual(world.socket.verbs(), ["ringing", "dial"]);
  assert.deepEqual(live(world), []);
  assert.ok(world.peers.every((peer) => peer.connectionState === "closed"));
});

test("the dial's callback comes before onEstablished", async () => {
  const { world, client } = await signedIn("ben");
  world.socket.tell(view());
  answersTheDial(world);
  const order: string[] = [];
  const call = client.dial({ userId: "ann" }, (given, error) => {
    order.push(`dialled ${error === null} ${given.callId}`);
  });
  call.onEstablished = () => order.push("established");
  await settle();
  assert.deepEqual(order, ["dialled true call-1", "established"]);
});

test("a video dial that answers an audio call opens no camera", async () => {
  const { world, client } = await signedIn("ben");
  world.socket.tell(view({ isVideoCall: false }));
  answersTheDial(world, { isVideoCall: false });
  const { call } = dial(client, "ann");
  assert.equal(call.isVideoCall, true);
  await settle();
  assert.deepEqual([call.isVideoCall, call.isLocalVideoEnabled], [false, false]);
  assert.deepEqual(world.tracks.map(({ kind }) => kind), ["audio"]);
});

test("a call that comes while its user is being dialled waits for the answer", async () => {
  const { world, client } = await signedIn("ben");
  const rung = rings(client);
  let grant = (): void => undefined;
  world.grant = new Promise((resolve) => (grant = resolve));
  answersTheDial(world, { isVideoCall: false });
  const { call, told } = dial(client, "ann");
  const own = follow(call);
  await settle();
  world.socket.tell(view({ isVideoCall: false }));
  world.socket.ask("call-1", 1);
  await settle();
  assert.deepEqual([rung.length, client.getCall("call-1")], [0, null]);
  grant();
  await settle();
  // The camera was opened for a video call; this one is none, so its light goes off.
  assert.deepEqual(live(world), ["audio"]);
  assert.deepEqual([told.length, own, rung.length], [1, ["Established"], 0]);
  assert.deepEqual(world.socket.verbs(), ["dial", "settings"]);
  const [, sent] = world.socket.asked();
  assert.equal(sent?.verb === "settings" && sent.settings.videoEnabled, false);
  world.socket.tell(ended(5, "completed"));
  assert.deepEqual(own, ["Established", "Ended"]);
});

test("where the application has two calls, the one that waited rings after the dial", async () => {
  const { world, client } = await signedIn("ben");
  const rung = rings(client);
  world.onRequest = ({ verb }) => {
    if (verb !== "dial") return {};
    world.socket.tell(view());
    return { call: outgoing({ callId: "call-2" }) };
  };
  const { call } = dial(client, "ann");
  await settle();
  assert.deepEqual([call.callId, rung.map(({ callId }) => callId)], ["call-2", ["call-1"]]);
  assert.equal(client.getOngoingCalls().length, 2);
  // One hang-up ends one call (F21).
  const other = follow(rung[0] as DirectCall);
  world.socket.tell(ended(2, "canceled", { callId: "call-2", myRole: "dc_caller" }));
  assert.deepEqual([call.isEnded, rung[0]?.isEnded, other], [true, false, []]);
});

test("two calls, and the other one rang before: the camera opens for the own call", async () => {
  const { world, client } = await signedIn("ben");
  const [rung] = [rings(client)];
  world.socket.tell(view({ isVideoCall: false }));
  world.onRequest = ({ verb }) => {
    return verb === "dial" ? { call: outgoing({ callId: "call-2" }) } : {};
  };
  const { call } = dial(client, "ann");
  await settle();
  assert.deepEqual([call.callId, call.isVideoCall], ["call-2", true]);
  assert.deepEqual(live(world), ["audio", "video"]);
  assert.deepEqual([rung.length, rung[0]?.isEnded], [1, false]);
});

test("a dial that fails lets the call ring that waited; one cancelled never rings", async () => {
  const { world, client } = await signedIn("ben");
  const rung = rings(client);
  world.onRequest = ({ verb }) => {
    if (verb !== "dial") return {};
    world.socket.tell(view());
    world.socket.tell(view({ callId: "call-9" }));
    world.socket.tell(ended(2, "canceled", { callId: "call-9" }));
    return { error: { code: 429100, message: "too many" } };
  };
  const { told, call } = dial(client, "ann");
  await settle();
  assert.deepEqual([told[0]?.code, call.endResult], [429100, "dial_failed"]);
  assert.deepEqual(rung.map(({ callId }) => callId), ["call-1"]);
  assert.deepEqual(world.socket.verbs(), ["dial", "ringing"]);
});

test("an audio dial that answers a video call shows the other's video, not the own", async () => {
  const { world, client } = await signedIn("ben");
  answersTheDial(world);
  const { call } = dial(client, "ann", { isVideoCall: false });
  const own = follow(call);
  await settle();
  assert.deepEqual([call.isVideoCall, call.isLocalVideoEnabled], [true, false]);
  assert.deepEqual([live(world), own], [["audio"], ["Established"]]);
  assert.equal(client.getOngoingCalls().length, 1);
});

test("a dial repeated late that answered a call which is over tells the end", async () => {
  const { world, client } = await signedIn("ben");
  world.onRequest = ({ verb }) => (verb === "dial" ? { call: ended(5, "completed") } : {});
  const { call, told, ends } = dial(client, "ann");
  await settle();
  assert.deepEqual([told[0]?.code, ends(), call.endResult], [undefined, 1, "completed"]);
  assert.deepEqual(live(world), []);
});

test("hanging up while the answering dial is on its way ends that call", async () => {
  const { world, client } = await signedIn("ben");
  const rung = rings(client);
  world.socket.tell(view());
  const { call, told, ends } = dial(client, "ann");
  world.onRequest = ({ verb }) => {
    if (verb === "dial") call.end();
    return verb === "dial" ? { call: answered() } : {};
  };
  await settle();
  assert.deepEqual([told.map(({ code }) => code), ends()], [[1800100], 1]);
  assert.deepEqual(world.socket.verbs(), ["ringing", "dial", "end"]);
  // The object that rang learns from the server how its call ended.
  world.socket.tell(ended(3, "not_connected"));
  assert.deepEqual([rung[0]?.endResult, client.getOngoingCalls().length], ["not_connected", 0]);
  assert.deepEqual(live(world), []);
});

test("hanging up while the browser asks for devices, after the server took the dial", async () => {
  const { world, client } = await signedIn("ben");
  const rung = rings(client);
  world.socket.tell(view());
  answersTheDial(world);
  let grant = (): void => undefined;
  world.grant = new Promise((resolve) => (grant = resolve));
  const { call, told, ends } = dial(client, "ann");
  await settle();
  // A change of the call waits for the object that will tell of it.
  world.socket.tell(answered({ version: 3 }));
  const events = follow(rung[0] as DirectCall);
  call.end();
  grant();
  await settle();
  assert.deepEqual([told.map(({ code }) => code), ends()], [[1800100], 1]);
  assert.deepEqual(world.socket.verbs(), ["ringing", "dial", "end"]);
  world.socket.tell(ended(4, "not_connected"));
  assert.deepEqual(events, ["Established", "Ended"]);
  assert.deepEqual(live(world), []);
});

test("the call is over before the answer to the dial comes: each object ends once", async () => {
  const { world, client } = await signedIn("ben");
  const rung = rings(client);
  world.socket.tell(view());
  const old = follow(rung[0] as DirectCall);
  world.onRequest = ({ verb }) => {
    if (verb !== "dial") return {};
    world.socket.tell(ended(3, "not_connected"));
    return { call: answered() };
  };
  const { call, told, ends } = dial(client, "ann");
  await settle();
  assert.deepEqual([told.map(({ code }) => code), ends(), old], [[undefined], 1, ["Ended"]]);
  assert.equal(call.endResult, "not_connected");
  assert.equal(client.getOngoingCalls().length, 0);
  assert.deepEqual(live(world), []);
});

test("what the person does while the browser asks for devices is not lost", async () => {
  const { world, client } = await signedIn("ben");
  world.socket.tell(view());
  answersTheDial(world);
  let grant = (): void => undefined;
  world.grant = new Promise((resolve) => (grant = resolve));
  const { call } = dial(client, "ann");
  await settle();
  const element = { srcObject: null, play: async () => undefined } as unknown as HTMLVideoElement;
  void call.setLocalMediaView(element);
  call.muteMicrophone();
  call.stopVideo();
  grant();
  await settle();
  assert.equal(call.localMediaView, element);
  assert.notEqual(element.srcObject, null);
  assert.deepEqual([call.isLocalAudioEnabled, call.isLocalVideoEnabled], [false, false]);
  assert.deepEqual(live(world), ["audio"]);
  assert.deepEqual(world.tracks.filter(({ live }) => live).map(({ enabled }) => enabled), [false]);
  const sent = world.socket.asked().at(-1);
  assert.equal(sent?.verb, "settings");
  const { audioEnabled, videoEnabled } = sent?.verb === "settings" ? sent.settings : {};
  assert.deepEqual([audioEnabled, videoEnabled], [false, false]);
});

test("a fresh session while the browser asks for devices does not end the call", async () => {
  const { world, client } = await signedIn("ben");
  rings(client);
  world.socket.tell(view());
  answersTheDial(world);
  let grant = (): void => undefined;
  world.grant = new Promise((resolve) => (grant = resolve));
  const { call, told, ends } = dial(client, "ann");
  await settle();
  world.snapshot = [answered({ version: 3 })];
  world.socket.drop(1006);
  // The first wait before a reconnect is at most three seconds.
  await new Promise((resolve) => setTimeout(resolve, 3_200));
  assert.equal(world.sockets.length, 2);
  grant();
  await settle();
  assert.deepEqual([told[0]?.code, ends(), call.isEnded], [undefined, 0, false]);
  assert.deepEqual([call.callId, client.getOngoingCalls().length], ["call-1", 1]);
});

test("accepting what rings while its caller is dialled: one call, one capture", async () => {
  const { world, client } = await signedIn("ben");
  const rung = rings(client);
  world.socket.tell(view());
  world.onRequest = ({ verb }) => {
    return verb === "dial" || verb === "accept" ? { call: answered() } : {};
  };
  const { call, told } = dial(client, "ann");
  const own = follow(call);
  const old = follow(rung[0] as DirectCall);
  rung[0]?.accept();
  await settle();
  assert.equal(told[0]?.code, undefined);
  assert.equal(client.getOngoingCalls().length, 1);
  assert.equal(live(world).length, 2, "one capture");
  assert.deepEqual([...own, ...old].filter((name) => name === "Established").length, 1);
  client.getOngoingCalls()[0]?.end();
  assert.deepEqual(live(world), []);
});

test("devices refused after the server took the dial: the call is ended", async () => {
  const { world, client } = await signedIn("ben");
  world.socket.tell(view());
  answersTheDial(world);
  world.grant = Promise.reject(new DOMException("no", "NotAllowedError"));
  world.grant.catch(() => undefined);
  const { told, call, ends } = dial(client, "ann");
  await settle();
  assert.notEqual(told[0]?.code, undefined);
  assert.deepEqual([call.endResult, ends()], ["dial_failed", 1]);
  assert.deepEqual(world.socket.verbs(), ["dial", "end"]);
});
