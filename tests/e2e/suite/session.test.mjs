/** Signing in and out: codes, two applications, log-out, and the documented snippet as written. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, showPlain } from "../harness/device.mjs";
import { agreeOn, connect, ring, stage } from "../harness/stage.mjs";

const here = stage();

/** Signs in and gives what came by promise and by callback. */
function tryToSignIn(device, appId, option) {
  return device.page.evaluate(async ({ appId, option }) => {
    const plain = (error) => ({ code: error.code, message: error.message });
    SendBirdCall.init(appId);
    const promised = await SendBirdCall.authenticate(option).then(() => null, plain);
    const called = await new Promise((settle) => {
      SendBirdCall.authenticate(option, (_, error) => settle(error ? plain(error) : null));
    });
    return { promised, called };
  }, { appId, option });
}

test("refused sign-ins have three codes and never a blank message (F03)", async () => {
  await here.server.rest("POST", "/v3/users", {
    user_id: "guarded", nickname: "", profile_url: "", issue_access_token: true,
  });
  const device = await here.device();
  const { appId } = here.server;
  const unknown = "00000000-0000-4000-8000-000000000000";
  const answers = [
    await tryToSignIn(device, appId, { userId: "guarded", accessToken: "wrong" }),
    await tryToSignIn(device, unknown, { userId: "guarded", accessToken: "" }),
    await tryToSignIn(device, appId, { userId: "", accessToken: "" }),
  ];
  for (const { promised, called } of answers) {
    assert.ok(promised, "the promise is refused");
    assert.deepEqual(called, promised, "callback and promise say the same");
    assert.ok(promised.message.trim().length > 0);
  }
  assert.equal(new Set(answers.map(({ promised }) => promised.code)).size, 3);
  assert.deepEqual(await device.unhandled(), []);
});

test("before init and before authenticate every method says which is missing", async () => {
  const device = await here.device();
  const codes = await device.page.evaluate(async (appId) => {
    const code = (attempt) => attempt().then(() => 0, (error) => error.code);
    const dialled = () => new Promise((settle) => {
      try {
        SendBirdCall.dial({ userId: "x", isVideoCall: false, callOption: {} },
          (_, error) => settle(error?.code));
      } catch (error) {
        settle(error.code);
      }
    });
    const early = await code(() => SendBirdCall.authenticate({ userId: "x" }));
    SendBirdCall.init(appId);
    return [early, await code(() => SendBirdCall.connectWebSocket()), await dialled()];
  }, here.server.appId);
  assert.deepEqual(codes, [1800302, 1800303, 1800303]);
});

test("another app id ends what was and starts afresh; same names never cross (F05)", async () => {
  const second = await here.server.secondApp();
  const [ann, ben] = await Promise.all([
    here.signedIn("ann"), here.signedIn("ben", { gated: true }),
  ]);
  const callId = await connect(ann, ben, "ben");
  const before = [...ben.gate.sockets];
  assert.equal(before.length, 1);
  await ben.signIn("ben", { appId: second });
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [] });
  assert.equal(await ben.count("in.Ended"), 1);
  assert.equal(await ben.ongoing(), 0);
  await ben.isClean();
  assert.equal(ben.gate.sockets.size, 1);
  assert.ok(!ben.gate.sockets.has(before[0]), "the first application's socket is closed");

  await ann.page.evaluate(() => SendBirdCall.setRingingTimeout(1));
  await ann.dial("ben");
  assert.equal((await ann.saw("out.Ended", { nth: 2 })).endResult, "no_answer");
  assert.equal(await ben.count("ringing"), 1, "only the first call rang");

  const other = await here.device();
  await other.signIn("ann", { appId: second });
  await other.dial("ben");
  await ben.saw("ringing", { nth: 2 });
  assert.equal(await ann.count("ringing"), 0);
  await other.call("out", "end");
  await ben.saw("in.Ended", { nth: 2 });
});

test("another app id while it rings: here the ring vanishes, there it goes on (F05)", async () => {
  const second = await here.server.secondApp();
  const [cat, dan] = await Promise.all([here.signedIn("cat"), here.signedIn("dan")]);
  await cat.page.evaluate(() => SendBirdCall.setRingingTimeout(2));
  const callId = await ring(cat, dan, "dan");
  await dan.signIn("dan", { appId: second });
  assert.equal(await dan.ongoing(), 0);
  await cat.saw("out.Ended");
  await agreeOn("no_answer", callId, { server: here.server, caller: cat, callees: [] });
});

test("signed out, the device is rung no more (F06)", async () => {
  const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
  await ben.page.evaluate(() => SendBirdCall.deauthenticate());
  await ann.page.evaluate(() => SendBirdCall.setRingingTimeout(2));
  await ann.dial("ben");
  assert.equal((await ann.saw("out.Ended")).endResult, "no_answer");
  assert.equal(await ben.count("ringing"), 0);
  assert.equal(await ben.page.evaluate(() => SendBirdCall.currentUser ?? null), null);
});

test("signing out in a call ends it on both sides (F08)", async () => {
  const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
  const callId = await connect(ann, ben, "ben", { isVideoCall: true });
  await ben.page.evaluate(() => SendBirdCall.deauthenticate());
  await Promise.all([
    ben.saw("in.Ended", { within: 2000 }), ann.saw("out.Ended", { within: 2000 }),
  ]);
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [] });
  assert.equal(await ben.count("in.Ended"), 1);
  assert.equal(await ben.ongoing(), 0);
  assert.equal(await ben.page.evaluate(() => SendBirdCall.currentUser ?? null), null);
  await ben.isClean();
});

/** The documented lines, letter by letter. */
const SNIPPET = `SendBirdCall.init(APP_ID);
SendBirdCall.authenticate({ userId: USER_ID, accessToken: ACCESS_TOKEN }, (result, error) => {
  if (error) { /* shown to the person */ } else { /* signed in */ }
});
SendBirdCall.connectWebSocket().then(/* connected */).catch(/* not connected */);
`;
const LAST_LINE = "SendBirdCall.deauthenticate();\n";

/** A plain page of the server's origin with our script, some names, and the snippet. */
async function snippetPage(snippet, { spied = false } = {}) {
  const made = await here.server.rest("PUT", "/v3/users/snippet", { issue_access_token: true });
  const names = { APP_ID: here.server.appId, USER_ID: "snippet",
    ACCESS_TOKEN: made.body.access_token };
  const spy = `window.kept = [];
    const real = SendBirdCall;
    const keep = (name) => (...args) => {
      const promise = real[name](...args);
      kept.push(promise);
      return promise;
    };
    window.SendBirdCall = { ...real, authenticate: keep("authenticate"),
      connectWebSocket: keep("connectWebSocket") };`;
  const html = `<!doctype html><link rel="icon" href="data:,">
    <script src="/sdk/SendBirdCall.min.js"></script>
    <script>${Object.entries(names).map(([name, value]) => (
    `var ${name} = ${JSON.stringify(value)};`)).join("")}</script>
    <script>${spied ? spy : ""}</script>
    <script>${snippet}</script>`;
  const page = await openPage(await here.browser.newContext());
  await showPlain(page, here.server, html);
  return page;
}

test("the snippet, straight through, ends signed out with nothing left over", async () => {
  await here.server.users("snippet");
  const page = await snippetPage(SNIPPET + LAST_LINE);
  await page.waitForLoadState("networkidle");
  assert.deepEqual(await page.evaluate(() => e2e.unhandled), []);
  assert.equal(await page.evaluate(() => SendBirdCall.currentUser ?? null), null);
  assert.equal(await page.evaluate(() => (
    SendBirdCall.connectWebSocket().then(() => 0, (error) => error.code))), 1800303);

  const spied = await snippetPage(SNIPPET + LAST_LINE, { spied: true });
  const pending = await spied.evaluate(() => Promise.race([
    Promise.allSettled(kept).then((all) => all.map(({ status }) => status).includes("pending")),
    new Promise((resolve) => setTimeout(resolve, 5000, "pending after 5 s")),
  ]));
  assert.equal(pending, false);

  const ann = await here.signedIn("ann");
  await ann.page.evaluate(() => SendBirdCall.setRingingTimeout(1));
  await ann.dial("snippet");
  assert.equal((await ann.saw("out.Ended")).endResult, "no_answer");
});

test("the snippet without its last line ends connected and ringable", async () => {
  const page = await snippetPage(SNIPPET);
  await page.evaluate(() => e2e.listen());
  const ann = await here.signedIn("ann");
  await ann.dial("snippet");
  await page.evaluate(() => e2e.wait("ringing", 1, 10_000));
  assert.equal(await page.evaluate(() => SendBirdCall.currentUser.userId), "snippet");
  assert.deepEqual(await page.evaluate(() => e2e.unhandled), []);
  await ann.call("out", "end");
  await page.evaluate(() => e2e.wait("in.Ended", 1, 10_000));
});
