/** Two users dial each other: one call comes of it, or two where the application wants that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { captured, happened } from "../harness/more.mjs";
import { stage } from "../harness/stage.mjs";

const here = stage();
const TIMES = 20;
const LEFT_MS = 2000;

async function pair(options) {
  return Promise.all([here.signedIn("ann", options), here.signedIn("ben", options)]);
}

/** Both are in one and the same call; gives their views of it. */
async function inOneCall(one, two, nth = 1) {
  await Promise.all([one, two].map((device) => device.saw("out.Connected", { nth })));
  const views = await Promise.all([one.view("out"), two.view("out")]);
  assert.equal(views[0].callId, views[1].callId);
  assert.deepEqual(views.map(({ myRole }) => myRole).sort(), ["dc_callee", "dc_caller"]);
  assert.deepEqual(views.map(({ caller }) => caller)[0], views[1].caller);
  assert.equal(views[0].isVideoCall, views[1].isVideoCall);
  return views;
}

/** Hangs up and looks for anything that is left. */
async function hangUp(one, two, nth = 1) {
  await one.call("out", "end");
  const ends = await Promise.all([one, two].map((device) => (
    device.saw("out.Ended", { nth, within: LEFT_MS }))));
  assert.deepEqual(ends.map(({ endResult }) => endResult), ["completed", "completed"]);
  for (const device of [one, two]) {
    assert.equal(await device.ongoing(), 0);
    await device.isClean();
    assert.deepEqual(await device.unhandled(), []);
  }
}

for (const [first, second] of [["ann", "ben"], ["ben", "ann"]]) {
  test(`${first} dials, it rings, ${second} dials back: one call (F20)`, async () => {
    const [one, two] = await Promise.all([here.signedIn(first), here.signedIn(second)]);
    await one.dial(second, { isVideoCall: true });
    const { callId } = await two.saw("ringing");
    await two.dial(first, { isVideoCall: true });
    const dialled = await two.saw("dialled");
    assert.deepEqual([dialled.code, dialled.callId], [null, callId]);
    const [, answered] = await inOneCall(one, two);
    assert.deepEqual([answered.myRole, answered.remoteUser], ["dc_callee", first]);
    // The object that rang is over; the application is left with the one that it dialled.
    const rang = await two.saw("in.Ended");
    assert.deepEqual([rang.callId, rang.endResult], [callId, "other_device_accepted"]);
    assert.equal(await two.ongoing(), 1);
    assert.equal(await two.page.evaluate((id) => SendBirdCall.getCall(id) === e2e.out, callId),
      true);
    const order = await happened(two);
    assert.ok(order.indexOf("dialled") < order.indexOf("out.Established"), String(order));
    await Promise.all([one, two].map((device) => device.receives({ framesDecoded: 5 })));
    await hangUp(one, two);
    assert.equal(await two.count("in.Ended"), 1);
    const row = await here.server.callRow(callId);
    assert.equal(row.end_result, "completed");
  });
}

test(`both dial in the same moment, ${TIMES} times: one call each time (F20)`, async () => {
  const [ann, ben] = await pair();
  const before = (await here.server.callRows()).length;
  for (let nth = 1; nth <= TIMES; nth += 1) {
    await Promise.all([ann.dial("ben"), ben.dial("ann")]);
    await inOneCall(ann, ben, nth);
    await hangUp(nth % 2 ? ann : ben, nth % 2 ? ben : ann, nth);
  }
  const rows = (await here.server.callRows()).slice(0, -before || undefined);
  assert.equal(rows.length, TIMES, "one call each time, and none that nobody knows");
  assert.ok(rows.every(({ end_result }) => end_result === "completed"));
});

test("the other devices of who answers by dialling stop ringing (F20, P1)", async () => {
  const [ann, ben, other] = await Promise.all([
    here.signedIn("ann"), here.signedIn("ben"), here.signedIn("ben"),
  ]);
  await ann.dial("ben");
  const [{ callId }] = await Promise.all([ben.saw("ringing"), other.saw("ringing")]);
  await ben.dial("ann");
  await inOneCall(ann, ben);
  const stopped = await other.saw("in.Ended", { within: LEFT_MS });
  assert.deepEqual([stopped.callId, stopped.endResult], [callId, "other_device_accepted"]);
  assert.equal(await other.ongoing(), 0);
  await other.isClean();
  await hangUp(ben, ann);
  assert.deepEqual([await other.count("in.Ended"), await ben.count("in.Ended")], [1, 1]);
});

test("a video dial that answers an audio call opens no camera (F20, F56)", async () => {
  const [ann, ben] = await pair();
  await ann.dial("ben");
  await ben.saw("ringing");
  await ben.dial("ann", { isVideoCall: true });
  const views = await inOneCall(ann, ben);
  assert.deepEqual(views.map(({ isVideoCall }) => isVideoCall), [false, false]);
  assert.equal(await ben.page.evaluate(() => e2e.captures.some(({ video }) => video)), false);
  assert.equal((await ben.view("out")).isLocalVideoEnabled, false);
  await hangUp(ann, ben);
});

test("audio against video in the same moment: the first call's kind, and its devices", async () => {
  const [ann, ben] = await pair();
  for (let nth = 1; nth <= 6; nth += 1) {
    await Promise.all([ann.dial("ben"), ben.dial("ann", { isVideoCall: true })]);
    const [view] = await inOneCall(ann, ben, nth);
    assert.equal(view.isVideoCall, view.caller === "ben");
    const devices = await Promise.all([captured(ann), captured(ben)]);
    assert.deepEqual(devices[0], ["audio"], "who dialled audio shows no picture");
    assert.deepEqual(devices[1].sort(), view.isVideoCall ? ["audio", "video"] : ["audio"]);
    if (view.isVideoCall) await ann.receives({ framesDecoded: 5 });
    await hangUp(ben, ann, nth);
  }
});

test("an application that refuses a second ring does not refuse the call it dials", async () => {
  const [ann, ben] = await pair();
  for (const device of [ann, ben]) {
    await device.page.evaluate(() => SendBirdCall.addListener("busy", {
      onRinging: (call) => SendBirdCall.getOngoingCallCount() > 1 && call.end(),
    }));
  }
  for (let nth = 1; nth <= 5; nth += 1) {
    await Promise.all([ann.dial("ben"), ben.dial("ann")]);
    await inOneCall(ann, ben, nth);
    await hangUp(ann, ben, nth);
  }
});

test("where the application has two calls, one hang-up ends one of them (F21)", async () => {
  const appId = await here.server.secondApp();
  await here.server.command("app", "set", appId, "--glare", "two-calls");
  const [ann, ben] = await pair({ appId });
  await Promise.all([ann.dial("ben"), ben.dial("ann")]);
  const [forAnn, forBen] = await Promise.all([ann.saw("ringing"), ben.saw("ringing")]);
  assert.notEqual(forAnn.callId, forBen.callId);
  assert.deepEqual([await ann.ongoing(), await ben.ongoing()], [2, 2]);
  await ben.call("out", "end");
  const ended = await ann.saw("in.Ended");
  assert.deepEqual([ended.callId, ended.endResult], [forAnn.callId, "canceled"]);
  await ben.saw("out.Ended");
  assert.deepEqual([await ann.ongoing(), await ben.ongoing()], [1, 1]);
  await ben.accept();
  const [kept] = await Promise.all([ann.saw("out.Connected"), ben.saw("in.Connected")]);
  assert.equal(kept.callId, forBen.callId);
  await ann.call("out", "end");
  await Promise.all([ann.saw("out.Ended"), ben.saw("in.Ended")]);
  await Promise.all([ann.isClean(), ben.isClean()]);
});
