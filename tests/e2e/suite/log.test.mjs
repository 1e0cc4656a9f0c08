/** The call log in the SDK: complete, in pages, and with the durations that both sides saw. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { askSdk } from "../harness/more.mjs";
import { agreeOn, connect, ring, stage } from "../harness/stage.mjs";

const here = stage();
const RING_MS = 3000;
const TALK_MS = 2000;

const passed = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** All pages of a query, with what it said of itself before each. */
function read(device, params) {
  return device.page.evaluate(async (params) => {
    const query = SendBirdCall.createDirectCallLogListQuery(params);
    const pages = [];
    while (query.hasNext) pages.push(await query.next());
    return pages.map((page) => page.map((log) => ({ ...log })));
  }, params);
}

test("ringing is no part of the duration, here, there and in the log (F49)", async () => {
  const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
  const dialledAt = Date.now();
  const callId = await ring(ann, ben, "ben");
  await passed(RING_MS);
  await ben.accept();
  const [{ at: begun }] = await Promise.all([
    ann.saw("out.Established"), ben.saw("in.Established"),
  ]);
  await passed(TALK_MS);
  await ann.call("out", "end");
  const row = await agreeOn("completed", callId, {
    server: here.server, caller: ann, callees: [ben],
  });
  // By the caller's own clock, since a slow machine may lengthen every step of the test.
  const talked = (await ann.saw("out.Ended")).at - begun;
  assert.ok(Math.abs(row.duration - talked) <= 300, `${row.duration} ms, not ${talked}`);
  assert.ok(talked >= TALK_MS - 300);
  for (const [device, side, role] of [[ann, "out", "dc_caller"], [ben, "in", "dc_callee"]]) {
    const own = await device.page.evaluate((side) => ({ ...e2e[side].callLog }), side);
    const [[logged]] = await read(device, { limit: 10 });
    assert.equal(logged.callId, callId);
    assert.deepEqual([own.isFromServer, logged.isFromServer], [false, true]);
    for (const log of [own, logged]) {
      assert.deepEqual([log.duration, log.endResult], [row.duration, "completed"]);
      assert.deepEqual([log.userRole, log.myRole], [role, role]);
      assert.deepEqual([log.endedBy.userId, log.endedBy.role], ["ann", "dc_caller"]);
      assert.deepEqual([log.caller.userId, log.callee.userId], ["ann", "ben"]);
      assert.ok(Math.abs(log.startedAt - dialledAt) < RING_MS, "the time of the dial");
      assert.ok(log.endedAt - log.startedAt >= RING_MS + TALK_MS - 300, "the time of the end");
    }
    assert.equal(own.endedAt, logged.endedAt);
  }
});

test("eleven calls: two pages, no repeat, one query at a time (F50)", async () => {
  const appId = await here.server.secondApp();
  const [dan, eve] = await Promise.all([
    here.signedIn("dan", { appId }), here.signedIn("eve", { appId }),
  ]);
  const made = [];
  for (let nth = 1; nth <= 11; nth += 1) {
    await dan.dial("eve");
    const [{ callId }] = await Promise.all([
      eve.saw("ringing", { nth }), dan.saw("dialled", { nth }),
    ]);
    if (nth % 2) await dan.call("out", "end");
    else await eve.call("in", "end");
    await Promise.all([dan.saw("out.Ended", { nth }), eve.saw("in.Ended", { nth })]);
    made.unshift(callId);
  }
  const seen = await dan.page.evaluate(async () => {
    const query = SendBirdCall.createDirectCallLogListQuery({ limit: 10 });
    const notes = [[query.hasNext, query.isLoading]];
    const first = query.next();
    const second = query.next().then(() => null, (error) => error.code);
    notes.push([query.hasNext, query.isLoading]);
    const pages = [await first];
    notes.push([query.hasNext, query.isLoading, await second]);
    await new Promise((done) => {
      query.next((logs, error) => {
        pages.push(error ? error.code : logs);
        done();
      });
    });
    notes.push([query.hasNext, query.isLoading]);
    return { notes, pages };
  });
  assert.deepEqual(seen.notes, [
    [true, false], [true, true], [true, false, 1800206], [false, false],
  ]);
  assert.deepEqual(seen.pages.map((page) => page.length), [10, 1]);
  const logs = seen.pages.flat();
  assert.deepEqual(logs.map(({ callId }) => callId), made, "newest first, none twice");
  assert.ok(logs.every(({ duration }) => duration === 0), "unanswered calls have no duration");

  const results = async (device, params) => (
    (await read(device, params)).flat().map(({ endResult }) => endResult));
  const declined = Array(5).fill("declined");
  assert.deepEqual(await results(dan, { endResults: ["DECLINED"] }), declined);
  assert.deepEqual(await results(eve, { endResults: ["declined"], myRole: "dc_callee" }), declined);
  assert.equal((await results(dan, { endResults: ["DECLINED", "canceled"] })).length, 11);
  assert.deepEqual(await results(dan, { myRole: "dc_callee" }), []);
  const [middle] = logs.slice(5);
  const from = await results(dan, { startedAt: middle.startedAt });
  const to = await results(dan, { endedAt: middle.startedAt });
  const both = await results(dan, { startedAt: middle.startedAt, endedAt: middle.startedAt });
  assert.deepEqual([from.length, to.length, both.length], [6, 6, 1], "the bounds belong to it");
});

test("calls that end while one reads: nothing is repeated or left out", async () => {
  const appId = await here.server.secondApp();
  const [dan, eve] = await Promise.all([
    here.signedIn("dan", { appId }), here.signedIn("eve", { appId }),
  ]);
  const call = async (nth) => {
    await dan.dial("eve");
    await Promise.all([eve.saw("ringing", { nth }), dan.saw("dialled", { nth })]);
    await dan.call("out", "end");
    await eve.saw("in.Ended", { nth });
  };
  for (let nth = 1; nth <= 12; nth += 1) await call(nth);
  await eve.page.evaluate(async () => {
    e2e.query = SendBirdCall.createDirectCallLogListQuery({ limit: 10 });
    e2e.logs = await e2e.query.next();
  });
  await call(13);
  const ids = await eve.page.evaluate(async () => {
    e2e.logs.push(...await e2e.query.next());
    return e2e.logs.map(({ callId }) => callId);
  });
  assert.deepEqual([ids.length, new Set(ids).size], [12, 12]);
});

test("a user sees only their own calls, and nobody's without a session", async () => {
  const [ann, ben, cat] = await Promise.all([
    here.signedIn("ann"), here.signedIn("ben"), here.signedIn("cat"),
  ]);
  await connect(ann, ben, "ben");
  await ann.call("out", "end");
  await ben.saw("in.Ended");
  assert.deepEqual(await read(cat, {}), [[]]);
  await ann.page.evaluate(() => SendBirdCall.deauthenticate());
  const refused = await ann.page.evaluate(() => (
    SendBirdCall.createDirectCallLogListQuery().next().then(() => null, (error) => error.code)));
  assert.equal(refused, 1800303);
  assert.equal((await askSdk(ann, "deleteAllCustomItems", "any")).code, 1800303);
});
