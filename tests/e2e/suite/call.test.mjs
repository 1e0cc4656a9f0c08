/** The call itself: two browsers see and hear each other, and agree on how it ended. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agreeOn, connect, ring, stage } from "../harness/stage.mjs";

const here = stage();

async function pair(a, b) {
  return Promise.all([here.signedIn(a), here.signedIn(b)]);
}

test("a video call: frames and sound on both sides, mute, camera off and on, hang up", async () => {
  const [ann, ben] = await pair("ann", "ben");
  const callId = await connect(ann, ben, "ben", { isVideoCall: true });
  const flows = { framesDecoded: 10, audioPackets: 20 };
  await Promise.all([ann.receives(flows), ben.receives(flows)]);
  for (const device of [ann, ben]) {
    assert.ok((await device.media()).audioEnergy > 0, "the fake microphone is heard");
    const width = await device.page.evaluate(() => document.getElementById("remote").videoWidth);
    assert.ok(width > 0, "the remote view shows a picture");
  }

  await ann.call("out", "muteMicrophone");
  assert.equal((await ben.saw("in.RemoteAudioSettingsChanged")).isRemoteAudioEnabled, false);
  assert.equal((await ann.view("out")).isLocalAudioEnabled, false);
  await ann.call("out", "muteMicrophone");
  await ann.call("out", "unmuteMicrophone");
  const unmuted = await ben.saw("in.RemoteAudioSettingsChanged", { nth: 2 });
  assert.equal(unmuted.isRemoteAudioEnabled, true, "muting twice is told once");

  await ben.call("in", "stopVideo");
  assert.equal((await ann.saw("out.RemoteVideoSettingsChanged")).isRemoteVideoEnabled, false);
  await ben.call("in", "startVideo");
  const back = await ann.saw("out.RemoteVideoSettingsChanged", { nth: 2 });
  assert.equal(back.isRemoteVideoEnabled, true);
  await ann.receives({ framesDecoded: 10 });

  await ben.call("in", "end");
  const row = await agreeOn("completed", callId, {
    server: here.server, caller: ann, callees: [ben],
  });
  assert.ok(row.duration > 0);
  assert.equal(row.ended_by, "ben");
  assert.equal(row.is_video_call, true);
});

test("an audio call opens no camera (F56)", async () => {
  const [ann, ben] = await pair("ann", "ben");
  const callId = await connect(ann, ben, "ben");
  await Promise.all([ann.receives({ audioPackets: 20 }), ben.receives({ audioPackets: 20 })]);
  for (const device of [ann, ben]) {
    const captures = await device.page.evaluate(() => e2e.captures);
    assert.ok(captures.length > 0 && captures.every((capture) => !capture.video));
    assert.equal((await device.media()).videoPackets, 0);
  }
  await ann.call("out", "end");
  const row = await agreeOn("completed", callId, {
    server: here.server, caller: ann, callees: [ben],
  });
  assert.equal(row.is_video_call, false);
  assert.equal(row.ended_by, "ann");
});

test("declined", async () => {
  const [ann, ben] = await pair("ann", "ben");
  const callId = await ring(ann, ben, "ben", { isVideoCall: true });
  await ben.call("in", "end");
  const row = await agreeOn("declined", callId, {
    server: here.server, caller: ann, callees: [ben],
  });
  assert.equal(row.duration, 0);
  assert.equal(await ben.page.evaluate(() => e2e.captures.length), 0, "no capture before accept");
});

test("cancelled", async () => {
  const [ann, ben] = await pair("ann", "ben");
  const callId = await ring(ann, ben, "ben");
  await ann.call("out", "end");
  const row = await agreeOn("canceled", callId, {
    server: here.server, caller: ann, callees: [ben],
  });
  assert.equal(row.duration, 0);
});

test("no answer within the ringing time-out", async () => {
  const [ann, ben] = await pair("ann", "ben");
  await ann.page.evaluate(() => SendBirdCall.setRingingTimeout(1));
  const callId = await ring(ann, ben, "ben");
  const row = await agreeOn("no_answer", callId, {
    server: here.server, caller: ann, callees: [ben],
  });
  assert.equal(row.duration, 0);
  assert.equal(row.ended_by ?? null, null);
});

test("the duration leaves the ringing out and is the same everywhere (F49)", async () => {
  const [ann, ben] = await pair("ann", "ben");
  const callId = await ring(ann, ben, "ben");
  // Real time is what is measured here, so real time has to pass.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await ben.accept();
  const accepted = await ann.saw("out.Established");
  await ann.saw("out.Connected");
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await ann.call("out", "end");
  const ended = await ann.saw("out.Ended");
  const row = await agreeOn("completed", callId, {
    server: here.server, caller: ann, callees: [ben],
  });
  assert.ok(Math.abs(row.duration - (ended.at - accepted.at)) < 300, `${row.duration} ms`);
  assert.ok(row.ended_at - row.started_at >= row.duration + 1900, "the ring lies before it");
});
