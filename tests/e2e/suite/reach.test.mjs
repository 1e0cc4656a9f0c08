/** Whom a dial reaches: someone offline, nobody, oneself, and people with odd names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Device, launch, renderersOf } from "../harness/device.mjs";
import { agreeOn, stage } from "../harness/stage.mjs";

const here = stage();

test("an offline callee: no answer at the ringing time-out (F23)", async () => {
  await here.server.users("away");
  const ann = await here.signedIn("ann");
  await ann.page.evaluate(() => SendBirdCall.setRingingTimeout(1));
  await ann.dial("away");
  const { callId } = await ann.saw("out.Ended");
  await agreeOn("no_answer", callId, { server: here.server, caller: ann, callees: [] });
});

test("the server ends the ring even if the caller's tab died (F23)", async (t) => {
  await here.server.users("away2");
  const browser = await launch();
  t.after(() => browser.close());
  const ann = await Device.signedIn(browser, here.server, "ann");
  await ann.page.evaluate(() => SendBirdCall.setRingingTimeout(2));
  await ann.dial("away2");
  const { callId } = await ann.saw("dialled");
  // Dead, not closed: nothing in the page gets to say goodbye.
  for (const id of await renderersOf(browser)) process.kill(id, "SIGKILL");
  const until = Date.now() + 10_000;
  let row = await here.server.callRow(callId);
  while (row.state !== "ended") {
    assert.ok(Date.now() < until, "the ring has outlived its time-out");
    await new Promise((resolve) => setTimeout(resolve, 200));
    row = await here.server.callRow(callId);
  }
  assert.equal(row.end_result, "no_answer");
  assert.equal(row.duration, 0);
});

test("five seconds set, five seconds rung, the callee offline or there (F23)", async () => {
  await here.server.users("away3");
  const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
  await ann.page.evaluate(() => SendBirdCall.setRingingTimeout(5));
  for (const [nth, userId] of [[1, "away3"], [2, "ben"]]) {
    await ann.dial(userId);
    const dialled = await ann.saw("dialled", { nth });
    const ended = await ann.saw("out.Ended", { nth });
    assert.equal(ended.endResult, "no_answer");
    assert.equal((await here.server.callRow(ended.callId)).end_result, "no_answer");
    const rang = ended.at - dialled.at;
    assert.ok(rang > 4_500 && rang < 7_000, `${userId}: ${Math.round(rang)} ms`);
  }
  assert.equal((await ben.saw("in.Ended")).endResult, "no_answer");
});

test("a callee who comes online during the ring is rung and can accept (F24)", async () => {
  await here.server.users("sleeper");
  const ann = await here.signedIn("ann");
  await ann.dial("sleeper");
  const { callId } = await ann.saw("dialled");
  // The ring has gone on for a while: that is the input.
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  assert.equal(await ann.count("out.Ended"), 0);
  const sleeper = await here.signedIn("sleeper");
  assert.equal((await sleeper.saw("ringing")).callId, callId);
  await sleeper.accept();
  await Promise.all([ann.saw("out.Connected"), sleeper.saw("in.Connected")]);
  await sleeper.call("in", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [sleeper] });
});

test("an unknown callee: an error with its own code, no ghost in the log (F26)", async () => {
  const ann = await here.signedIn("ann");
  const before = (await here.server.callRows()).length;
  await ann.dial("no-such-user", { isVideoCall: true });
  const dialled = await ann.saw("dialled", { within: 2000 });
  assert.ok(dialled.code > 0 && dialled.code !== 1800100, `code ${dialled.code}`);
  assert.ok(dialled.message.trim().length > 0);
  assert.equal((await ann.saw("out.Ended")).endResult, "dial_failed");
  assert.equal(await ann.ongoing(), 0);
  assert.equal((await here.server.callRows()).length, before);
  await ann.isClean();
});

test("dialling oneself is refused before any camera opens (F27)", async () => {
  const ann = await here.signedIn("ann");
  await ann.dial("ann", { isVideoCall: true });
  assert.equal((await ann.saw("dialled")).code, 1800101);
  assert.equal((await ann.saw("out.Ended")).endResult, "dial_failed");
  assert.equal(await ann.page.evaluate(() => e2e.captures.length), 0);

  const number = await here.device();
  await number.signIn(208);
  await number.dial("208");
  assert.equal((await number.saw("dialled")).code, 1800101);
  await number.dial(208);
  assert.equal((await number.saw("dialled", { nth: 2 })).code, 1800101);
  assert.deepEqual(await number.unhandled(), []);
});

const ODD_IDS = [
  "with two  spaces", "a__b__c", "🦜 curlew", "a/b", "a%2Fb", "%2F", "a+b", "a#b?c=d",
  "שלום", "../..", "x".repeat(80),
];

test("odd ids are kept byte for byte in ring, log and paths (F66)", async () => {
  const ann = await here.signedIn("ann");
  const devices = await Promise.all(ODD_IDS.map((id) => here.signedIn(id)));
  for (const [index, id] of ODD_IDS.entries()) {
    const nth = index + 1;
    await ann.dial(id);
    const { callId, code, message } = await ann.saw("dialled", { nth });
    assert.equal(code, null, `${id}: ${message}`);
    const rang = await devices[index].saw("ringing");
    assert.equal(rang.callId, callId);
    assert.equal(rang.callee, id);
    await devices[index].call("in", "end");
    assert.equal((await ann.saw("out.Ended", { nth })).remoteUser, id);
    assert.deepEqual((await here.server.callRow(callId)).participants, ["ann", id]);
    const path = `/v3/users/${encodeURIComponent(id).replaceAll(".", "%2E")}`;
    const viewed = await here.server.rest("GET", path);
    assert.equal(viewed.body.user_id, id, `${path}: ${JSON.stringify(viewed.body)}`);
  }
  for (const device of devices) assert.equal(await device.count("ringing"), 1);
});

test("an id that is too long is refused with the reason (F66)", async () => {
  const device = await here.device();
  const error = await device.page.evaluate(async (appId) => {
    SendBirdCall.init(appId);
    return SendBirdCall.authenticate({ userId: "x".repeat(81) })
      .then(() => null, ({ code, message }) => ({ code, message }));
  }, here.server.appId);
  assert.ok(error?.code > 0);
  assert.match(error.message, /80/);
});
