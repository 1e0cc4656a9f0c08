/** The server is killed, and stopped, under live calls (P4, P5). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agreeOn, connect, ring, stage } from "../harness/stage.mjs";

const here = stage();
const RECONNECT_MS = 20_000;

async function pair() {
  return Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
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
  await here.server.start();
  await ann.call("out", "muteMicrophone");
  const muted = await ben.saw("in.RemoteAudioSettingsChanged", { within: RECONNECT_MS });
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

test("hung up while the server is down: both end and agree once it is back", async () => {
  const [ann, ben] = await pair();
  const callId = await connect(ann, ben, "ben");
  await here.server.kill("SIGKILL");
  await ann.call("out", "end");
  await here.server.start();
  await Promise.all([
    ann.saw("out.Ended", { within: RECONNECT_MS }), ben.saw("in.Ended", { within: RECONNECT_MS }),
  ]);
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [ben] });
});

test("a soft stop under a call: a clean exit, and the call goes on", async () => {
  const [ann, ben] = await pair();
  const callId = await connect(ann, ben, "ben");
  await here.server.kill("SIGTERM");
  assert.equal(here.server.process.exitCode, 0, here.server.log);
  await ann.receives({ audioPackets: 20 });
  await here.server.start();
  await ben.call("in", "muteMicrophone");
  await ann.saw("out.RemoteAudioSettingsChanged", { within: RECONNECT_MS });
  await ben.call("in", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [ben] });
});
