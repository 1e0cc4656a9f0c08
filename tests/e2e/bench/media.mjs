/** Time from `dial` to `onRinging` and from `accept` to the first media packet, on loopback. */
import { Device, launch } from "../harness/device.mjs";
import { Server } from "../harness/server.mjs";

const CALLS = 20;

/** Milliseconds of one clock for all pages of one machine. */
const now = (page) => page.evaluate(() => performance.timeOrigin + performance.now());

/** Accepts, and gives the time from there to the first packet that arrives here. */
const acceptAndHear = (page) => page.evaluate(async () => {
  const start = performance.now();
  const known = e2e.peers.slice();
  e2e.in.accept({ callOption: e2e.views() });
  for (;;) {
    for (const peer of e2e.peers.filter((peer) => !known.includes(peer))) {
      for (const stat of (await peer.getStats()).values()) {
        if (stat.type === "inbound-rtp" && stat.packetsReceived > 0) {
          return performance.now() - start;
        }
      }
    }
    await new Promise((settle) => setTimeout(settle, 1));
  }
});

const median = (times) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];

const [server, browser] = await Promise.all([Server.fresh(), launch()]);
try {
  const ring = [];
  const media = [];
  for (let n = 0; n < CALLS; n += 1) {
    const [ann, ben] = await Promise.all([
      Device.signedIn(browser, server, `ann-${n}`), Device.signedIn(browser, server, `ben-${n}`),
    ]);
    const dialledAt = await now(ann.page);
    await ann.dial(`ben-${n}`);
    const { at } = await ben.saw("ringing");
    ring.push(await ben.page.evaluate(() => performance.timeOrigin) + at - dialledAt);
    media.push(await acceptAndHear(ben.page));
    await ben.call("in", "end");
    await ann.saw("out.Ended");
    await Promise.all(browser.contexts().map((context) => context.close()));
  }
  console.log(`calls between two pages of one browser: ${CALLS}`);
  console.log(`  dial to onRinging, median:             ${median(ring).toFixed(1)} ms`);
  console.log(`  accept to first media packet, median:  ${median(media).toFixed(1)} ms`);
} finally {
  await browser.close();
  await server.dispose();
}
