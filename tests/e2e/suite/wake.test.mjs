/** Machines that sleep, networks that return, throttled timers, and tabs that are closed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Device, launch, renderersOf } from "../harness/device.mjs";
import { Hole } from "../harness/hole.mjs";
import { agreeOn, connect, ring, stage } from "../harness/stage.mjs";

const here = stage();
/** The promise: a dead socket is found within this time of waking. */
const FOUND_MS = 10_000;
/** How long the machine sleeps, and how long a tab is watched, is the input of these tests. */
const passes = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A device behind a wire of its own; the wire goes with the test. */
async function wired(t, userId, { browser = here.browser } = {}) {
  const hole = await Hole.before(here.server);
  t.after(() => hole.close());
  const device = await Device.signedIn(browser, hole.server, userId);
  return { device, hole };
}

test("the machine sleeps and its socket dies: rung within 10 s of waking", async (t) => {
  const browser = await launch();
  t.after(() => browser.close());
  const [ann, { device: ben, hole }] = await Promise.all([
    here.signedIn("ann"), wired(t, "ben", { browser }),
  ]);
  const renderers = await renderersOf(browser);
  assert.ok(renderers.length > 0);

  const before = hole.accepted;
  for (const id of renderers) process.kill(id, "SIGSTOP");
  hole.swallow();
  await ann.dial("ben");
  await passes(12_000);
  for (const id of renderers) process.kill(id, "SIGCONT");
  const [took] = await Promise.all([
    hole.accepts(before, FOUND_MS), ben.saw("ringing", { within: FOUND_MS }),
  ]);
  t.diagnostic(`a new connection ${Math.round(took)} ms after waking`);
  await ben.accept();
  await Promise.all([ann.saw("out.Connected"), ben.saw("in.Connected")]);
  assert.equal(await ben.count("ringing"), 1);
  await ann.call("out", "end");
  await ben.saw("in.Ended");
});

test("the network returns with a dead socket: found within 10 s", async (t) => {
  const [ann, { device: ben, hole }] = await Promise.all([
    here.signedIn("ann"), wired(t, "ben"),
  ]);
  const before = hole.accepted;
  hole.swallow();
  await ben.page.evaluate(() => globalThis.dispatchEvent(new Event("online")));
  const took = await hole.accepts(before, FOUND_MS);
  assert.ok(took > 3_000, `a connection gets its time to answer, not ${took} ms`);
  await ring(ann, ben, "ben");
  await ann.call("out", "end");
  await ben.saw("in.Ended");
});

test("a sign of waking costs a living connection nothing", async (t) => {
  const { device: ben, hole } = await wired(t, "ben");
  const before = hole.accepted;
  await ben.page.evaluate(() => {
    for (const name of ["online", "pageshow"]) globalThis.dispatchEvent(new Event(name));
    for (const name of ["visibilitychange", "resume"]) document.dispatchEvent(new Event(name));
  });
  await passes(6_000);
  assert.equal(hole.accepted, before);
});

test("a tab whose timers are throttled is not thrown out, and rings (F37)", async (t) => {
  const hole = await Hole.before(here.server);
  t.after(() => hole.close());
  const context = await here.browser.newContext();
  // Headless Chromium throttles no tab, so the throttle is pretended: no timer fires in less than
  // a minute once the tab is in the background.
  await context.addInitScript(() => {
    const real = globalThis.setTimeout;
    const waits = (ms) => (globalThis.isInBackground ? Math.max(60_000, ms) : ms);
    globalThis.setTimeout = (run, ms, ...args) => real(run, waits(ms ?? 0), ...args);
    globalThis.setInterval = (run, ms, ...args) => {
      const again = () => real(() => { run(...args); again(); }, waits(ms ?? 0));
      again();
      return 0;
    };
  });
  const [ann, ben] = await Promise.all([
    here.signedIn("ann"), Device.signedIn(here.browser, hole.server, "ben", { context }),
  ]);
  const before = hole.accepted;
  await ben.page.evaluate(() => { globalThis.isInBackground = true; });
  // The server closes a connection that gives no sign of life for 25 s.
  await passes(70_000);
  assert.equal(hole.accepted, before, "one connection all the time");
  await ann.dial("ben");
  await ann.saw("dialled");
  await ben.page.waitForFunction(() => e2e.count("ringing") === 1, undefined, { polling: 100 });
  await ann.call("out", "end");
  await ann.saw("out.Ended");
});

test("a tab is closed in a call: the other side learns it within 5 s (F40)", async () => {
  const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
  const callId = await connect(ann, ben, "ben", { isVideoCall: true });
  await ben.page.close();
  const ended = await ann.saw("out.Ended", { within: 5_000 });
  assert.equal(ended.endResult, "completed");
  assert.equal(ended.endedBy, "ben");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [] });
});

test("a tab of another origin is closed in a call: the same (F40)", async (t) => {
  const origin = await Hole.before(here.server);
  t.after(() => origin.close());
  const [ann, ben] = await Promise.all([
    here.signedIn("ann"), Device.open(here.browser, origin.server),
  ]);
  await ben.page.evaluate(async ([appId, host]) => {
    SendBirdCall.init(appId, host);
    e2e.listen();
    await SendBirdCall.authenticate({ userId: "ben" });
    await SendBirdCall.connectWebSocket();
  }, [here.server.appId, here.server.url]);
  await connect(ann, ben, "ben");
  await ben.page.close();
  const ended = await ann.saw("out.Ended", { within: 5_000 });
  assert.equal(ended.endResult, "completed");
});

for (const [what, leave] of [
  ["a tab is closed", (device) => device.page.close()],
  ["a user signs out", (device) => device.page.evaluate(() => SendBirdCall.deauthenticate())],
]) {
  test(`${what} while the server is away: told from peer to peer within 5 s (F40)`, async () => {
    const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
    const callId = await connect(ann, ben, "ben");
    await here.server.kill("SIGKILL");
    try {
      await leave(ben);
      const ended = await ann.saw("out.Ended", { within: 5_000 });
      assert.deepEqual([ended.endResult, ended.endedBy], ["completed", "ben"]);
    } finally {
      await here.server.start();
    }
    // The server learns it from the one who is left.
    const until = Date.now() + 20_000;
    let row = await here.server.callRow(callId);
    while (row.state !== "ended") {
      assert.ok(Date.now() < until, "the server has not learned of the end");
      await passes(200);
      row = await here.server.callRow(callId);
    }
    assert.deepEqual([row.end_result, row.ended_by], ["completed", "ben"]);
  });
}

test("a page is reloaded in a call: the log is whole, the page starts anew (F41)", async () => {
  const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
  const callId = await connect(ann, ben, "ben");
  await ben.receives({ audioPackets: 50 });
  await ben.reopen();
  await ben.signIn("ben");
  await ann.saw("out.Ended", { within: 5_000 });
  const row = await agreeOn("completed", callId, {
    server: here.server, caller: ann, callees: [],
  });
  assert.ok(row.duration >= 1_000, `${row.duration} ms`);
  assert.equal(await ben.ongoing(), 0);
  assert.equal(await ben.count("ringing"), 0);
  await ring(ann, ben, "ben");
  await ann.call("out", "end");
  await ben.saw("in.Ended");
});

test("a caller's tab is closed while it rings: the ring stops within 5 s (F40)", async () => {
  const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
  const callId = await ring(ann, ben, "ben");
  await ann.page.close();
  const ended = await ben.saw("in.Ended", { within: 5_000 });
  assert.equal(ended.endResult, "canceled");
  assert.equal((await here.server.callRow(callId)).end_result, "canceled");
});

test("a tab that only rings is closed: it declines nothing, the other tab answers", async () => {
  const [ann, one, two] = await Promise.all([
    here.signedIn("ann"), here.signedIn("ben"), here.signedIn("ben"),
  ]);
  await ann.dial("ben");
  await Promise.all([one.saw("ringing"), two.saw("ringing")]);
  await one.page.close();
  await two.accept();
  await Promise.all([ann.saw("out.Connected"), two.saw("in.Connected")]);
  await ann.call("out", "end");
  const { callId } = await ann.saw("out.Ended");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [two] });
});

test("the only tab that rings is reloaded: the call rings on, there and here", async () => {
  const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
  const callId = await ring(ann, ben, "ben");
  await ben.reopen();
  await ben.signIn("ben");
  assert.equal((await ben.saw("ringing")).callId, callId);
  await ben.accept();
  await Promise.all([ann.saw("out.Connected"), ben.saw("in.Connected")]);
  assert.equal(await ann.count("out.Ended"), 0);
  await ben.call("in", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [ben] });
});
