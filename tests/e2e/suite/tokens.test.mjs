/** Short-lived session tokens: renewed, renewed in a call, and run out in a call (F01, F02). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agreeOn, connect, ring, stage } from "../harness/stage.mjs";

const here = stage();
/** The promise: audio pauses for less than this. */
const GAP_MS = 200;
const RENEWALS = 5;
/** How long a token lives here; the server allows clocks 60 s of difference on top. */
const LIFE_MS = 1_500;
const LEEWAY_MS = 60_000;
const passes = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A session token from the back end, as an application's server gets it. */
async function issue(userId, lifeMs = LIFE_MS) {
  const answer = await here.server.rest("POST", `/v3/users/${userId}/token`, {
    expires_at: Date.now() + lifeMs,
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.token;
}

async function user(userId) {
  await here.server.users(userId);
  return userId;
}

/** A device that signed in with a session token. */
async function tokened(userId) {
  return here.signedIn(userId, { accessToken: await issue(userId) });
}

function renew(device, userId, accessToken) {
  return device.page.evaluate(async (option) => {
    const user = await SendBirdCall.authenticate(option);
    return user.userId;
  }, { userId, accessToken });
}

/** What a sign-in with this token comes to by now. */
async function verdict(userId, accessToken) {
  const answer = await fetch(`${here.server.url}/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ appId: here.server.appId, userId, accessToken, deviceId: "probe" }),
  });
  return { status: answer.status, ...(await answer.json()) };
}

/**
 * Watches the audio that comes in, in the page: the longest time without a new packet, in
 * milliseconds. Time in which the page itself did not run is not held against the path.
 */
function watchAudio(device) {
  return device.page.evaluate(() => {
    const watch = { gap: 0 };
    const packets = async () => {
      let sum = 0;
      for (const peer of e2e.peers) {
        if (peer.connectionState === "closed") continue;
        for (const report of (await peer.getStats()).values()) {
          if (report.type === "inbound-rtp" && report.kind === "audio") {
            sum += report.packetsReceived;
          }
        }
      }
      return sum;
    };
    const loop = async () => {
      let [known, since, looked] = [await packets(), performance.now(), performance.now()];
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 15));
        const count = await packets();
        const now = performance.now();
        const held = Math.max(0, now - looked - 60);
        looked = now;
        since += held;
        watch.gap = Math.max(watch.gap, now - since);
        if (count === known) continue;
        [known, since] = [count, now];
      }
    };
    globalThis.audioWatch = watch;
    loop();
  });
}

function audioSoFar(device) {
  return device.page.evaluate(() => {
    const { gap } = globalThis.audioWatch;
    globalThis.audioWatch.gap = 0;
    return { gap: Math.round(gap) };
  });
}

test("the token is renewed in a call: same call, no pause in the audio (F02)", async (t) => {
  const [a, b] = await Promise.all([user("ann"), user("ben")]);
  const [ann, ben] = await Promise.all([tokened(a), tokened(b)]);
  const callId = await connect(ann, ben, b);
  await Promise.all([ann.receives({ audioPackets: 20 }), ben.receives({ audioPackets: 20 })]);
  await Promise.all([watchAudio(ann), watchAudio(ben)]);
  const peers = () => Promise.all([ann, ben].map((device) => (
    device.page.evaluate(() => e2e.peers.length))));
  const before = await peers();
  const pauses = [];
  for (let n = 0; n < RENEWALS; n++) {
    await Promise.all([audioSoFar(ann), audioSoFar(ben)]);
    assert.equal(await renew(ann, a, await issue(a)), a);
    assert.equal(await renew(ben, b, await issue(b)), b);
    await Promise.all([ann.receives({ audioPackets: 25 }), ben.receives({ audioPackets: 25 })]);
    const sides = await Promise.all([audioSoFar(ann), audioSoFar(ben)]);
    pauses.push(Math.max(...sides.map(({ gap }) => gap)));
  }
  t.diagnostic(`longest pauses: ${pauses.join(", ")} ms`);
  // What a renewal did to the path it would do each time; a busy machine's hiccups are rarer.
  const median = pauses.toSorted((x, y) => x - y)[Math.floor(RENEWALS / 2)];
  assert.ok(median < GAP_MS, `pauses of ${pauses} ms`);
  assert.deepEqual(await peers(), before, "no connection was made anew");
  for (const [device, side] of [[ann, "out"], [ben, "in"]]) {
    const { callId: mine, isEnded } = await device.view(side);
    assert.deepEqual([mine, isEnded], [callId, false]);
    assert.equal(await device.ongoing(), 1);
    assert.equal(await device.count(`${side}.Reconnecting`), 0);
  }
  await ann.call("out", "muteMicrophone");
  assert.equal((await ben.saw("in.RemoteAudioSettingsChanged")).isRemoteAudioEnabled, false);

  // The meter itself: a sender that is paused for twice the bound is noticed.
  await ben.page.evaluate(async () => {
    const peer = e2e.peers.find(({ connectionState }) => connectionState === "connected");
    const sender = peer.getSenders().find(({ track }) => track?.kind === "audio");
    const { track } = sender;
    await sender.replaceTrack(null);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await sender.replaceTrack(track);
  });
  await ann.receives({ audioPackets: 5 });
  assert.ok((await audioSoFar(ann)).gap >= GAP_MS, "the meter sees a real pause");
  await ann.call("out", "end");
  await agreeOn("completed", callId, { server: here.server, caller: ann, callees: [ben] });
});

test("tokens run out: the call goes on, and dial and ring work (F01, F02)", async () => {
  const [c, d, e] = await Promise.all([user("cat"), user("dan"), user("eve")]);
  // Two talk with tokens that nobody renews; a third is renewed three times.
  const [cat, dan] = await Promise.all([tokened(c), tokened(d)]);
  const callId = await connect(cat, dan, d, { isVideoCall: true });
  const eve = await tokened(e);
  const tokens = [];
  for (let n = 0; n < 3; n++) {
    await passes(LIFE_MS);
    tokens.push(await issue(e));
    assert.equal(await renew(eve, e, tokens[n]), e);
    assert.equal(await eve.ongoing(), 0);
  }
  const spare = await issue(d);
  await passes(LIFE_MS + LEEWAY_MS + 1_500);
  for (const [userId, token] of [...tokens.map((token) => [e, token]), [d, spare]]) {
    const { status, message } = await verdict(userId, token);
    assert.equal(status, 401);
    assert.match(message, /ended \d+ s ago/);
  }

  const flows = { audioPackets: 20, framesDecoded: 10 };
  await Promise.all([cat.receives(flows), dan.receives(flows)]);
  await cat.call("out", "muteMicrophone");
  assert.equal((await dan.saw("in.RemoteAudioSettingsChanged")).isRemoteAudioEnabled, false);
  assert.equal(await dan.count("in.Reconnecting") + await cat.count("out.Reconnecting"), 0);
  await cat.call("out", "end");
  await agreeOn("completed", callId, { server: here.server, caller: cat, callees: [dan] });

  const hal = await here.signedIn("hal");
  await ring(eve, hal, "hal");
  await hal.call("in", "end");
  await eve.saw("out.Ended");
  const back = await connect(hal, eve, e);
  await eve.call("in", "end");
  await agreeOn("completed", back, { server: here.server, caller: hal, callees: [eve] });
});

test("a session outlives its token through a new connection and a new server (F01)", async () => {
  const [a, b] = await Promise.all([user("fay"), user("gus")]);
  const [fay, gus] = await Promise.all([tokened(a), tokened(b)]);
  await passes(LIFE_MS);
  await here.server.kill("SIGKILL");
  await here.server.start();
  // Back in their own time, with the session keys that the tokens bought.
  await gus.page.evaluate(() => globalThis.dispatchEvent(new Event("online")));
  await ring(fay, gus, b);
  await fay.call("out", "end");
  await gus.saw("in.Ended");
});
