/**
 * Time from `accept` to the first packet of sound at either side: on loopback, and over a link
 * with 100 ms round trip between any two of server, caller and callee. Needs root for the latter.
 */
import { Device, launch } from "../harness/device.mjs";
import { NetWorld } from "../harness/net-stage.mjs";
import { Server } from "../harness/server.mjs";
import { ring } from "../harness/stage.mjs";

const CALLS = Number(process.env.CALLS ?? 10);
/** Each packet passes two interfaces on its way: four of these are one round trip. */
const DELAY_MS = 25;
const ROUND_TRIP_MS = 4 * DELAY_MS;
/** Nobody answers sooner; what can be done while it rings has this long. */
const RING_MS = 2_000;

/** Milliseconds of one clock for all pages of one machine. */
const now = (page) => page.evaluate(() => performance.timeOrigin + performance.now());

/**
 * When the first packet arrived in this page, by that clock. The browser renews its counters every
 * 50 ms; but sound comes in packets of 20 ms, so the last one and the count tell of the first.
 */
const hears = (page) => page.evaluate(async () => {
  for (;;) {
    for (const peer of e2e.peers) {
      if (peer.connectionState === "closed") continue;
      for (const stat of (await peer.getStats()).values()) {
        if (stat.type === "inbound-rtp" && stat.packetsReceived > 0) {
          return stat.lastPacketReceivedTimestamp - 20 * (stat.packetsReceived - 1);
        }
      }
    }
    await new Promise((settle) => setTimeout(settle, 1));
  }
});

/** One call; gives the times from accept to sound at the callee and at the caller. */
async function measure(caller, callee, userId) {
  await ring(caller, callee, userId);
  await new Promise((settle) => setTimeout(settle, RING_MS));
  const heard = [hears(callee.page), hears(caller.page)];
  const acceptedAt = await now(callee.page);
  await callee.accept();
  const times = (await Promise.all(heard)).map((at) => at - acceptedAt);
  await callee.call("in", "end");
  await caller.saw("out.Ended");
  return times;
}

const sorted = (times) => [...times].sort((a, b) => a - b);

async function series(title, roundTripMs, open) {
  const times = [];
  for (let n = 0; n < CALLS; n += 1) {
    const [caller, callee] = await Promise.all([
      open.caller(`ann-${n}`), open.callee(`ben-${n}`),
    ]);
    times.push(await measure(caller, callee, `ben-${n}`));
    await Promise.all([caller.close(), callee.close()]);
  }
  console.log(`${title}, ${CALLS} audio calls, from accept to the first packet`);
  const say = (ms) => {
    const trips = roundTripMs ? ` (${(ms / roundTripMs).toFixed(1)} round trips)` : "";
    return `${ms.toFixed(0)} ms${trips}`;
  };
  for (const [index, side] of ["callee", "caller"].entries()) {
    const all = sorted(times.map((pair) => pair[index]));
    const median = all[Math.floor(all.length / 2)];
    console.log(`  at the ${side}: median ${say(median)}, least ${say(all[0])}`);
  }
}

/** What a question and its answer really take on a connection that is open already. */
const roundTrip = (page) => page.evaluate(async () => {
  const times = [];
  for (let n = 0; n < 9; n += 1) {
    const start = performance.now();
    await (await fetch("/healthz", { cache: "no-store" })).text();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[4];
});

async function onLoopback() {
  const [server, browser] = await Promise.all([Server.fresh(), launch()]);
  try {
    const open = (userId) => Device.signedIn(browser, server, userId);
    await series("loopback", null, { caller: open, callee: open });
  } finally {
    await browser.close();
    await server.dispose();
  }
}

async function overTheLink() {
  const world = await NetWorld.open();
  try {
    const [near, far] = [await world.spot(), await world.spot()];
    for (const address of [world.address, near.address, far.address]) {
      await world.net.faults(address, { delayMs: DELAY_MS });
    }
    const probe = await world.signedIn(near, "probe");
    console.log(`the link: ${(await roundTrip(probe.page)).toFixed(0)} ms for question and answer`);
    await probe.close();
    await series("link", ROUND_TRIP_MS, {
      caller: (userId) => world.signedIn(near, userId),
      callee: (userId) => world.signedIn(far, userId),
    });
  } finally {
    await world.close();
  }
}

await onLoopback();
await overTheLink();
