/** A ring that tells the truth: who is really rung, and a device that a push wakes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { watchMore } from "../harness/more.mjs";
import { stage } from "../harness/stage.mjs";

const here = stage();
/** The SDK waits about 2 s before it connects again, and more after a refusal. */
const RECONNECT_MS = 20_000;

test("the caller learns how many devices ring, as they come and go", async () => {
  const [ann, one] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
  // Connected, but its application listens to no ring.
  const deaf = await here.device();
  await deaf.page.evaluate(async (appId) => {
    SendBirdCall.init(appId);
    await SendBirdCall.authenticate({ userId: "ben" });
    await SendBirdCall.connectWebSocket();
  }, here.server.appId);
  await ann.dial("ben");
  await watchMore(ann, "out");
  await Promise.all([one.saw("ringing"), ann.saw("dialled")]);
  const devices = () => ann.page.evaluate(() => e2e.out.ringingDevices);
  const reaches = async (count) => {
    await ann.page.waitForFunction((count) => e2e.out.ringingDevices === count, count);
    assert.deepEqual(await ann.page.evaluate(() => e2e.out.reach), { devices: count, pushes: 0 });
  };
  await reaches(1);
  const two = await here.signedIn("ben");
  await two.saw("ringing");
  await reaches(2);
  await two.close();
  await reaches(1);
  assert.equal((await ann.saw("out.Reach")).endResult, null);
  await one.accept();
  await Promise.all([ann.saw("out.Established"), one.saw("in.Established")]);
  assert.equal(await devices(), 0);
  await ann.call("out", "end");
  await one.saw("in.Ended");
});

test("after a restart of the server the devices say again that they ring", async () => {
  const [ann, ben] = await Promise.all([
    here.signedIn("ann", { gated: true }), here.signedIn("ben", { gated: true }),
  ]);
  await ann.dial("ben");
  await Promise.all([ben.saw("ringing"), ann.saw("dialled")]);
  const rings = () => ann.page.waitForFunction(() => e2e.out.ringingDevices === 1);
  await rings();
  await here.server.kill("SIGKILL");
  const before = ann.gate.received.length;
  await here.server.start();
  const said = ({ type, body, call }) => {
    const views = body?.event === "snapshot" ? body.calls : [body?.call ?? call];
    return type !== "ping" && views.some((view) => view?.reach?.devices === 1);
  };
  const until = performance.now() + RECONNECT_MS;
  while (!ann.gate.received.slice(before).some((text) => said(JSON.parse(text)))) {
    assert.ok(performance.now() < until, "the new server did not learn that it rings");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await rings();
  assert.equal(await ben.count("ringing"), 1);
  await ben.accept();
  await Promise.all([ann.saw("out.Connected"), ben.saw("in.Connected")]);
  await ann.call("out", "end");
  await ben.saw("in.Ended");
});

test("the data of a push connects a device that is signed in; it rings if the call does",
  async () => {
    const [ann, ben] = await Promise.all([here.signedIn("ann"), here.device()]);
    await ben.page.evaluate(async (appId) => {
      SendBirdCall.init(appId);
      e2e.listen();
      await SendBirdCall.authenticate({ userId: "ben" });
    }, here.server.appId);
    await ann.dial("ben");
    const { callId } = await ann.saw("dialled");
    assert.equal(await ben.count("ringing"), 0);
    const push = (callId) => ben.page.evaluate((callId) => {
      const command = JSON.stringify({ payload: { call_id: callId } });
      SendBirdCall.handleWebhookData({ sendbird_call: { command } });
    }, callId);
    await push(callId);
    assert.equal((await ben.saw("ringing")).callId, callId);
    await push(callId);
    await ben.accept();
    await Promise.all([ann.saw("out.Connected"), ben.saw("in.Connected")]);
    await ann.call("out", "end");
    await ben.saw("in.Ended");
    // A push that comes late rings nothing; the next call shows that this one did not.
    await push(callId);
    await ann.dial("ben");
    const fresh = await ann.saw("dialled", { nth: 2 });
    assert.equal((await ben.saw("ringing", { nth: 2 })).callId, fresh.callId);
    assert.equal(await ben.count("ringing"), 2);
    await ann.call("out", "end");
    await ben.saw("in.Ended", { nth: 2 });
  });
