/** Hold: a state of one side, told once to both, and at most one active call where it is asked. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../src/browser/client/client.js";
import type { DirectCall } from "../src/browser/direct-call/direct-call.js";
import type { CallView, Verb } from "../src/wire/protocol.js";
import { outgoing, settle, type World } from "./fake-browser.js";
import { codeOf, dial, follow, hear, said, signedIn } from "./phone.js";
import { ended, settings, view } from "./views.js";

/** ben's calls of ann and cat. */
const FIRST = view({ state: "connected", version: 3, answeredLeg: 1 });
const SECOND = { callId: "call-2" };

/** A server on which a call is connected as soon as it is accepted. */
function accepts(world: World): void {
  world.onRequest = (body: Verb) => {
    if (body.verb !== "accept") return {};
    const { callId, settings: calleeSettings } = body;
    return { call: { ...FIRST, callId, calleeSettings } };
  };
}

async function inCall(world: World, client: Client, changes: Partial<CallView> = {}, params = {}) {
  accepts(world);
  world.socket.tell(view(changes));
  const call = client.getCall(changes.callId ?? "call-1") as DirectCall;
  call.accept({ callOption: null, ...params });
  await settle();
  return { call, told: follow(call) };
}

test("hold and unhold are told here and there, once", async () => {
  const { world, client } = await signedIn("ben");
  const { call, told } = await inCall(world, client);
  const held = call.hold();
  assert.deepEqual([call.isOnHold, told], [true, []]);
  await held;
  await call.hold();
  await settle();
  assert.deepEqual(told, ["Hold local on"]);
  assert.equal(world.tracks.find(({ kind }) => kind === "video")?.live, false);
  const sent = world.socket.asked().filter(({ verb }) => verb === "settings");
  assert.deepEqual(sent.map((one) => one.verb === "settings" && one.settings.onHold), [true]);
  // The server's word of it says nothing new.
  const onHold = settings({ onHold: true, revision: 1 });
  world.socket.tell({ ...FIRST, version: 4, calleeSettings: onHold });
  await call.unhold(false);
  await settle();
  assert.deepEqual([call.isOnHold, told], [false, ["Hold local on", "Hold local off"]]);
});

test("held and taken back in one breath: nothing changed, nothing is told", async () => {
  const { world, client } = await signedIn("ben");
  const { call, told } = await inCall(world, client);
  void call.hold();
  void call.unhold(false);
  await settle();
  assert.deepEqual([call.isOnHold, told], [false, []]);
});

test("the other side's hold, by the data channel and by the server, is told once", async () => {
  const { world, client } = await signedIn("ben");
  const { call, told } = await inCall(world, client);
  hear(world, said({ onHold: true, revision: 2 }));
  hear(world, said({ onHold: true, revision: 2 }));
  await settle();
  const held = (revision: number) => settings({ onHold: true, revision });
  world.socket.tell({ ...FIRST, version: 5, callerSettings: held(2) });
  assert.deepEqual([told, call.isOnHold], [["Hold remote on"], false]);
  // Muted and back during an outage, then seen by the server: nothing to tell; a real change is.
  world.socket.tell({ ...FIRST, version: 6, callerSettings: held(4) });
  hear(world, said({ audioEnabled: false, revision: 5 }));
  await settle();
  assert.deepEqual(told.slice(1), ["RemoteAudioSettingsChanged", "Hold remote off"]);
  assert.equal(call.isRemoteAudioEnabled, false);
});

test("unhold(false) fails while another call is active; unhold(true) holds that one", async () => {
  const { world, client } = await signedIn("ben");
  const one = await inCall(world, client);
  const two = await inCall(world, client, SECOND, { holdActiveCall: true });
  assert.deepEqual([one.call.isOnHold, two.call.isOnHold], [true, false]);
  assert.deepEqual(one.told, ["Hold local on"]);
  assert.equal(await codeOf(one.call.unhold(false)), 1400101);
  assert.equal(one.call.isOnHold, true);
  await one.call.unhold(true);
  assert.deepEqual([one.call.isOnHold, two.call.isOnHold], [false, true]);
  world.socket.tell(ended(9, "completed"));
  await two.call.unhold(false);
  assert.equal(two.call.isOnHold, false);
});

test("accept without holdActiveCall leaves the other call as it is", async () => {
  const { world, client } = await signedIn("ben");
  const one = await inCall(world, client);
  await inCall(world, client, SECOND);
  assert.deepEqual([one.call.isOnHold, one.told], [false, []]);
});

test("dial with holdActiveCall holds what is active, not for a dial refused here", async () => {
  const { world, client } = await signedIn("ben");
  const one = await inCall(world, client);
  const wrong = dial(client, "ben", { holdActiveCall: true });
  await settle();
  assert.deepEqual([wrong.told[0]?.code, one.call.isOnHold], [1800101, false]);
  world.onRequest = ({ verb }) => {
    return verb === "dial" ? { call: outgoing({ callId: "call-3" }) } : {};
  };
  const { call } = dial(client, "dan", { holdActiveCall: true });
  await settle();
  assert.deepEqual([one.call.isOnHold, call.isOnHold, call.callId], [true, false, "call-3"]);
  // The call that is being dialled is active already.
  assert.equal(await codeOf(one.call.unhold(false)), 1400101);
});

test("a call that rings here or is over cannot be held, nor stops another's unhold", async () => {
  const { world, client } = await signedIn("ben");
  const { call } = await inCall(world, client);
  await call.hold();
  world.socket.tell(view(SECOND));
  const ringing = client.getCall("call-2") as DirectCall;
  assert.equal(await codeOf(ringing.hold()), 1400101);
  assert.equal(await codeOf(ringing.unhold(true)), 1400101);
  await call.unhold(false);
  world.socket.tell(ended(9, "completed"));
  assert.equal(await codeOf(call.hold()), 1400101);
  assert.equal(call.isOnHold, false);
});
