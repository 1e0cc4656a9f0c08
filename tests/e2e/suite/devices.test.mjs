/** One user, several devices: the first answer wins and every other device stops at once (P1). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agreeOn, connect, stage } from "../harness/stage.mjs";

const here = stage();
/** One round trip and 100 ms is the promise; the rest is a slow machine's. */
const STOP_MS = 1000;

async function rung(caller, devices, userId, options) {
  await caller.dial(userId, options);
  await caller.saw("dialled");
  const rings = await Promise.all(devices.map((device) => device.saw("ringing")));
  assert.equal(new Set(rings.map(({ callId }) => callId)).size, 1);
  return rings[0].callId;
}

test("answered in one tab, the other tab stops (F09)", async () => {
  const context = await here.browser.newContext();
  const [ann, one, two] = await Promise.all([
    here.signedIn("ann"), here.signedIn("ben", { context }), here.signedIn("ben", { context }),
  ]);
  const callId = await rung(ann, [one, two], "ben", { isVideoCall: true });
  await one.accept();
  const stopped = await two.saw("in.Ended", { within: STOP_MS });
  assert.equal(stopped.endResult, "other_device_accepted");
  await Promise.all([one.saw("in.Connected"), ann.saw("out.Connected")]);
  assert.equal(await two.count("in.Established"), 0);
  assert.equal(await two.count("in.Ended"), 1);
  assert.equal(await two.ongoing(), 0);
  await two.isClean();
  await ann.call("out", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [one] });
  assert.equal(await two.count("in.Ended"), 1, "the end of the call is not told twice");
});

test("two devices answer in the same moment: one wins (P1)", async () => {
  const [ann, one, two] = await Promise.all([
    here.signedIn("ann"), here.signedIn("ben"), here.signedIn("ben"),
  ]);
  const callId = await rung(ann, [one, two], "ben");
  await Promise.all([one.accept(), two.accept()]);
  const loser = await Promise.race([one, two].map(async (device) => {
    await device.saw("in.Ended");
    return device;
  }));
  const winner = loser === one ? two : one;
  await Promise.all([winner.saw("in.Connected"), ann.saw("out.Connected")]);
  assert.equal((await loser.view("in")).endResult, "other_device_accepted");
  assert.equal(await loser.count("in.Connected"), 0);
  await loser.isClean();
  await winner.call("in", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [winner] });
});

test("declined on one device, all devices and the caller end (F10)", async () => {
  const [ann, ...tabs] = await Promise.all([
    here.signedIn("ann"), here.signedIn("ben"), here.signedIn("ben"), here.signedIn("ben"),
  ]);
  const callId = await rung(ann, tabs, "ben");
  await tabs[1].call("in", "end");
  await Promise.all([
    ann.saw("out.Ended", { within: STOP_MS }),
    ...tabs.map((tab) => tab.saw("in.Ended", { within: STOP_MS })),
  ]);
  await agreeOn("declined", callId, { server: here.server, caller: ann, callees: tabs });
});

test("four ways a ring can stop have four results (F12)", async () => {
  const [ann, one, two] = await Promise.all([
    here.signedIn("ann"), here.signedIn("ben"), here.signedIn("ben"),
  ]);
  const results = [];
  const once = async (stop) => {
    const nth = results.length + 1;
    await ann.dial("ben");
    await Promise.all([ann, one, two].map((device) => (
      device.saw(device === ann ? "dialled" : "ringing", { nth }))));
    await stop();
    results.push((await two.saw("in.Ended", { nth })).endResult);
    await ann.saw("out.Ended", { nth });
  };
  await once(() => ann.call("out", "end"));
  await once(() => one.call("in", "end"));
  await once(async () => {
    await one.accept();
    await two.saw("in.Ended", { nth: 3 });
    await one.call("in", "end");
  });
  await ann.page.evaluate(() => SendBirdCall.setRingingTimeout(1));
  await once(() => undefined);
  assert.deepEqual(results, ["canceled", "declined", "other_device_accepted", "no_answer"]);
});

/** Ben talks to ann on one device and has an idle one; cat dials him. */
async function busyAndIdle() {
  const [ann, cat, busy, idle] = await Promise.all([
    here.signedIn("ann"), here.signedIn("cat"), here.signedIn("ben"), here.signedIn("ben"),
  ]);
  await ann.dial("ben");
  await Promise.all([busy.saw("ringing"), idle.saw("ringing")]);
  await busy.accept();
  await Promise.all([ann.saw("out.Connected"), busy.saw("in.Connected"), idle.saw("in.Ended")]);
  // The applications' usual way with a second call: end() while one goes on.
  await busy.page.evaluate(() => { e2e.first = e2e.in; });
  await cat.dial("ben");
  await Promise.all([busy.saw("ringing", { nth: 2 }), idle.saw("ringing", { nth: 2 })]);
  return { ann, cat, busy, idle };
}

/** Cat and the idle device talk, ann and the busy one still do; gives cat's call. */
async function bothTalk({ ann, cat, busy, idle }) {
  await Promise.all([cat.saw("out.Connected"), idle.saw("in.Connected")]);
  await Promise.all([cat, idle, ann, busy].map((device) => device.receives({ audioPackets: 10 })));
  assert.equal(await busy.page.evaluate(() => e2e.first.isEnded), false);
  assert.equal((await ann.view("out")).isEnded, false, "the first call is untouched");
  assert.equal(await busy.ongoing(), 1);
  await cat.call("out", "end");
  const { callId } = await cat.saw("out.Ended");
  await agreeOn("completed", callId, { server: here.server, caller: cat, callees: [] });
  await busy.page.evaluate(() => e2e.first.end());
  await ann.saw("out.Ended");
}

test("a busy device says end() first, then the idle one accepts (rule 3, F11)", async () => {
  const all = await busyAndIdle();
  await all.busy.call("in", "end");
  const { endResult } = await all.busy.saw("in.Ended");
  assert.equal(endResult, "declined");
  await all.idle.accept();
  await bothTalk(all);
});

test("the idle device accepts first, then the busy one says end(): the same (F11)", async () => {
  const all = await busyAndIdle();
  await all.idle.accept();
  const { endResult } = await all.busy.saw("in.Ended");
  assert.equal(endResult, "other_device_accepted");
  await all.busy.call("in", "end");
  await bothTalk(all);
});

test("both in the same moment: the same (F11)", async () => {
  const all = await busyAndIdle();
  await Promise.all([all.busy.call("in", "end"), all.idle.accept()]);
  await all.busy.saw("in.Ended");
  await bothTalk(all);
});

test("a call missed on three devices is one entry of the log (F13)", async () => {
  await here.server.users("fred");
  const [ann, ...tabs] = await Promise.all([
    here.signedIn("ann"), here.signedIn("fred"), here.signedIn("fred"), here.signedIn("fred"),
  ]);
  await ann.page.evaluate(() => SendBirdCall.setRingingTimeout(1));
  const callId = await rung(ann, tabs, "fred");
  await Promise.all([ann, ...tabs].map((device) => (
    device.saw(device === ann ? "out.Ended" : "in.Ended"))));
  await agreeOn("no_answer", callId, { server: here.server, caller: ann, callees: tabs });
  const rows = await here.server.callRows();
  const mine = rows.filter(({ participants }) => participants.includes("fred"));
  assert.deepEqual(mine.map(({ call_id }) => call_id), [callId]);
});
