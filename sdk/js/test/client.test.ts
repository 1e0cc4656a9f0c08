/** The whole client in a pretended browser: what applications rely on. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DirectCall } from "../src/browser/direct-call/direct-call.js";
import { World, outgoing, settle } from "./fake-browser.js";
import { HOST, codeOf, dial, fresh, signedIn } from "./phone.js";
import { ended, view } from "./views.js";

test("before init 1800302, before authenticate 1800303", async () => {
  World.install();
  const client = fresh();
  assert.equal(await codeOf(client.authenticate({ userId: "a" })), 1800302);
  assert.equal(await codeOf(client.connectWebSocket()), 1800302);
  const early = dial(client);
  await settle();
  assert.equal(early.told[0]?.code, 1800302);
  client.init("A", HOST);
  assert.equal(await codeOf(client.connectWebSocket()), 1800303);
  const dialed = dial(client);
  await settle();
  assert.equal(dialed.told[0]?.code, 1800303);
  assert.equal(dialed.call.endResult, "dial_failed");
  assert.equal(dialed.ends(), 1);
});

test("the snippet run straight through leaves nothing pending or unhandled", async () => {
  const world = World.install();
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  const client = fresh();
  client.init("A", HOST);
  const told: unknown[] = [];
  void client.authenticate({ userId: "ann", accessToken: "" }, (result, error) => {
    told.push(result ?? (error as { code?: number }).code);
  });
  // As in the documented snippet, the handlers are left out.
  void client.connectWebSocket().then().catch();
  client.deauthenticate();
  await settle();
  process.off("unhandledRejection", note);
  assert.deepEqual(told, [1800303]);
  assert.deepEqual(unhandled, []);
  assert.equal(client.user, null);
  assert.equal(world.sockets.length, 0);
});

test("connectWebSocket waits for the pending sign-in", async () => {
  const world = World.install();
  const client = fresh();
  client.init("A", HOST);
  void client.authenticate({ userId: 208 }, () => undefined);
  await client.connectWebSocket();
  assert.equal(client.user?.userId, "208");
  assert.equal(world.sockets.length, 1);
});

test("signing in again keeps the one socket, and a refusal keeps the session", async () => {
  const { world, client } = await signedIn();
  await client.authenticate({ userId: "ann" });
  await client.connectWebSocket();
  world.onSignIn = () => ({ status: 401, body: { code: 401121, message: "no token" } });
  assert.equal(await codeOf(client.authenticate({ userId: "ann" })), 401121);
  assert.equal(client.user?.userId, "ann");
  assert.equal(world.sockets.length, 1);
});

test("dial gives the call at once, then the answer, then events", async () => {
  const { world, client } = await signedIn();
  world.onRequest = ({ verb }) => (verb === "dial" ? { call: outgoing() } : {});
  const { call, told } = dial(client);
  assert.equal("then" in call, false);
  assert.deepEqual([call.callId, told.length], ["", 0]);
  const events: string[] = [];
  call.onEstablished = () => events.push("established");
  call.onConnected = () => events.push("connected");
  await settle();
  assert.deepEqual([call._callId, told[0]?.code], ["call-1", undefined]);
  assert.equal(told[0]?.call, call);
  assert.equal(client.getCall("call-1"), call);
  world.socket.tell(outgoing({ version: 2, state: "established" }));
  world.socket.tell(outgoing({ version: 3, state: "connected", elapsedMs: 10 }));
  assert.deepEqual(events, ["established", "connected"]);
  assert.ok(call.getDuration() >= 10);
});

test("ended in the same task as dial: 1800100, nobody rung, nothing captured", async () => {
  const { world, client } = await signedIn();
  const { call, told, ends } = dial(client);
  call.end();
  call.end();
  assert.equal(client.getOngoingCalls().length, 0);
  await settle();
  assert.deepEqual(told.map((one) => one.code), [1800100]);
  assert.deepEqual([call.endResult, ends()], ["canceled", 1]);
  assert.deepEqual([world.captures, world.socket.verbs()], [0, []]);
});

test("ended while the server thinks: the call it made is ended", async () => {
  const { world, client } = await signedIn();
  const { call, told, ends } = dial(client);
  world.onRequest = ({ verb }) => {
    if (verb === "dial") call.end();
    return verb === "dial" ? { call: outgoing() } : {};
  };
  await settle();
  assert.deepEqual(world.socket.verbs(), ["dial", "end"]);
  assert.deepEqual([told[0]?.code, ends()], [1800100, 1]);
  assert.ok(world.tracks.every((track) => !track.live));
});

test("dialling oneself is refused before any camera opens", async () => {
  const { world, client } = await signedIn("208");
  const { call, told } = dial(client, 208);
  await settle();
  assert.equal(told[0]?.code, 1800101);
  assert.equal(told[0]?.call.localUser.userId, "208");
  assert.deepEqual([call.endResult, world.captures], ["dial_failed", 0]);
});

test("a ring captures nothing until accept; the end stops everything", async () => {
  const { world, client } = await signedIn("ben");
  world.onRequest = ({ verb }) =>
    verb === "accept" ? { call: view({ version: 2, state: "established" }) } : {};
  const rung: DirectCall[] = [];
  client.listeners.add(1, {
    onRinging: () => {
      throw new Error("a bad listener");
    },
  });
  client.listeners.add("", { onRinging: (call) => rung.push(call) });
  world.socket.tell(view());
  world.socket.tell(view());
  await settle();
  assert.deepEqual([rung.length, world.captures], [1, 0]);
  const [call] = rung;
  let ends = 0;
  if (call) call.onEnded = () => void ends++;
  call?.accept();
  call?.accept();
  await settle();
  assert.deepEqual(world.socket.verbs(), ["ringing", "accept"]);
  assert.deepEqual(world.tracks.map((track) => track.live), [true, true]);
  world.socket.tell(ended(5, "completed"));
  call?.end();
  await settle();
  assert.deepEqual([ends, call?.endResult], [1, "completed"]);
  assert.ok(world.tracks.every((track) => !track.live));
  assert.ok(world.peers.length > 0);
  assert.ok(world.peers.every((peer) => peer.connectionState === "closed"));
  assert.deepEqual(world.socket.verbs(), ["ringing", "accept"]);
});

test("devices that the browser grants after the end are stopped", async () => {
  const { world, client } = await signedIn("ben");
  let grant = (): void => undefined;
  world.grant = new Promise((resolve) => (grant = resolve));
  world.socket.tell(view());
  const call = client.getCall("call-1");
  call?.accept();
  world.socket.tell(ended(2, "canceled"));
  grant();
  await settle();
  assert.equal(world.tracks.length, 2);
  assert.ok(world.tracks.every((track) => !track.live));
  assert.deepEqual(world.socket.verbs(), []);
});

test("an accept that comes too late tells the call's real result (F15, F18)", async () => {
  const { world, client } = await signedIn("ben");
  const error = { code: 1400101, message: "over" };
  world.onRequest = () => ({ error, call: ended(2, "canceled") });
  world.socket.tell(view());
  client.getCall("call-1")?.accept();
  await settle();
  assert.equal(client.getCall("call-1")?.endResult, "canceled");
});

test("an accept that is refused without a call ends with ACCEPT_FAILED", async () => {
  const { world, client } = await signedIn("ben");
  world.onRequest = () => ({ error: { code: 500999, message: "failed" } });
  world.socket.tell(view());
  client.getCall("call-1")?.accept();
  await settle();
  assert.equal(client.getCall("call-1")?.endResult, "accept_failed");
});

test("media that comes and goes is told in strict pairs", async () => {
  const { world, client } = await signedIn();
  world.onRequest = ({ verb }) => (verb === "dial" ? { call: outgoing() } : {});
  const { call } = dial(client);
  const events: string[] = [];
  call.onReconnecting = () => events.push("reconnecting");
  call.onReconnected = () => events.push("reconnected");
  await settle();
  world.socket.tell(outgoing({ version: 2, state: "established" }));
  for (const state of ["connected", "disconnected", "failed", "connected", "connected"]) {
    world.peers[0]?.become(state);
  }
  assert.deepEqual(events, ["reconnecting", "reconnected"]);
  await settle();
  const paths = world.socket.sent.map((one) =>
    one.type === "request" && one.body.verb === "media" ? one.body.path : undefined,
  );
  assert.deepEqual(paths.filter(Boolean), ["up", "down", "up"]);
  client.deauthenticate();
});

test("signing out ends calls once, stops media and keeps the listeners", async () => {
  const { world, client } = await signedIn("ben");
  let rings = 0;
  client.listeners.add("x", { onRinging: () => void rings++ });
  world.onRequest = () => ({ call: view({ version: 2, state: "connected" }) });
  world.socket.tell(view());
  const call = client.getCall("call-1");
  let ends = 0;
  if (call) call.onEnded = () => void ends++;
  call?.accept();
  await settle();
  client.deauthenticate();
  client.deauthenticate();
  assert.equal(client.getOngoingCalls().length, 0);
  assert.equal(client.user, null);
  assert.ok(world.tracks.every((track) => !track.live));
  await settle();
  assert.deepEqual([ends, rings, call?.isEnded], [1, 1, true]);
  assert.equal(world.http.filter((one) => one.method === "DELETE").length, 1);
  await client.authenticate({ userId: "ben" });
  await client.connectWebSocket();
  world.socket.tell(view({ callId: "call-2" }));
  assert.equal(rings, 2);
});

test("init with the same app id changes nothing, with another one wipes", async () => {
  const { client } = await signedIn("ben");
  client.init("A", "elsewhere.example");
  assert.equal(client.user?.userId, "ben");
  client.init("B", HOST);
  assert.deepEqual([client.user, client.appId], [null, "B"]);
});

test("a session that the server ends is over, with its calls", async () => {
  const { world, client } = await signedIn("ben");
  world.socket.tell(view());
  const call = client.getCall("call-1");
  world.socket.drop(4410);
  await settle();
  assert.deepEqual([client.user, call?.isEnded], [null, true]);
  assert.equal(world.sockets.length, 1);
});

test("a ping is answered in the handler of the message", async () => {
  const { world } = await signedIn();
  world.socket.say({ type: "ping" });
  assert.equal(world.socket.sent.at(-1)?.type, "pong");
});

test("a call works through a proxy and is logged without cycles", async () => {
  const { world, client } = await signedIn("ben");
  world.onRequest = () => ({ call: ended(2, "declined") });
  world.socket.tell(view());
  const call = client.getCall("call-1");
  assert.ok(call);
  const proxy = new Proxy(call, {});
  proxy.end();
  await settle();
  assert.equal(proxy.endResult, "declined");
  JSON.stringify([call, client.user, call.caller, call.callLog]);
});
