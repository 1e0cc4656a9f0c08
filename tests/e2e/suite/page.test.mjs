/** The phone page by its own buttons, with pictures of each stage left in `out/`. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, openPage } from "../harness/device.mjs";
import { stage } from "../harness/stage.mjs";

const here = stage();
const pictures = join(dirname(fileURLToPath(import.meta.url)), "../out");
const LOOKS = {
  "phone-light": { viewport: { width: 390, height: 844 }, colorScheme: "light" },
  "phone-dark": { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
  "desktop-light": { viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  "desktop-dark": { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
};

before(() => mkdir(pictures, { recursive: true }));

async function phone(user, look = "desktop-light", context = null) {
  const profile = context ?? await here.browser.newContext(LOOKS[look]);
  const page = await openPage(profile, `${here.server.url}/${user ? `?user=${user}` : ""}`);
  page.picture = async (name) => {
    assert.ok(await page.evaluate(() => (
      document.documentElement.scrollWidth <= innerWidth)), `${name}: nothing sticks out`);
    await page.screenshot({ path: join(pictures, `${name}-${look}.png`) });
  };
  if (user) await connected(page);
  return page;
}

function connected(page) {
  return page.waitForSelector('#connection[data-state="connected"]');
}

/** The words in `#outcome` once the call with this result is over. */
async function outcome(page, result) {
  await page.waitForSelector(`#outcome[data-result="${result}"]`);
  return page.textContent("#outcome");
}

async function stateIs(page, text) {
  await page.waitForFunction((text) => (
    document.getElementById("call-state").textContent === text), text);
}

for (const [mine, theirs] of [["phone-light", "desktop-light"], ["desktop-dark", "phone-dark"]]) {
  test(`a video call by the buttons: ${mine} calls ${theirs}`, async () => {
    const ann = await phone(null, mine);
    await ann.picture("1-sign-in");
    await ann.fill("#user", "ann");
    await ann.click("#sign-in-button");
    await connected(ann);
    const ben = await phone("ben", theirs);
    await ann.fill("#callee", "ben");
    await ann.picture("2-ready");
    await ann.click("#dial-video");
    await ben.waitForSelector("#ring");
    assert.equal(await ben.textContent("#ring-title"), "ann");
    assert.equal(await ben.textContent("#ring-kind"), "Incoming video call");
    await Promise.all([ann.picture("3-calling"), ben.picture("3-ringing")]);

    await ben.click("#accept-video");
    await Promise.all([stateIs(ann, "Connected"), stateIs(ben, "Connected")]);
    const flows = { framesDecoded: 10, audioPackets: 10 };
    for (const page of [ann, ben]) {
      await page.evaluate((flows) => e2e.rises(flows, 10_000), flows);
      assert.match(await page.textContent("#duration"), /^0:0\d$/);
    }
    await Promise.all([ann.picture("4-call"), ben.picture("4-call")]);

    await ann.click("#mute");
    await ben.waitForSelector("#remote-muted:not([hidden])");
    assert.equal(await ben.textContent("#remote-muted"), "ann is muted");
    assert.equal(await ann.getAttribute("#mute", "aria-pressed"), "true");
    await ann.click("#camera");
    await ben.waitForSelector('#stage[data-remote-video="off"]');
    await Promise.all([ann.picture("5-muted"), ben.picture("5-muted")]);
    await ann.click("#mute");
    await ann.click("#camera");
    await ben.waitForSelector('#stage[data-remote-video="on"]');
    await ben.waitForSelector("#remote-muted", { state: "hidden" });

    await ann.click("#hang-up");
    assert.match(await outcome(ann, "completed"), /^You hung up after 0:\d\d\.$/);
    assert.match(await outcome(ben, "completed"), /^ann hung up after 0:\d\d\.$/);
    const lengths = await Promise.all([ann, ben].map((page) => (
      page.getAttribute("#outcome", "data-duration"))));
    assert.equal(lengths[0], lengths[1]);
    await Promise.all([ann.picture("6-ended"), ben.picture("6-ended")]);
    for (const page of [ann, ben]) {
      await page.evaluate(() => e2e.clean());
      assert.deepEqual(await page.evaluate(() => e2e.unhandled), []);
    }
  });
}

test("two tabs of one browser: audio call, accept and hang up at the other end", async () => {
  const context = await here.browser.newContext(LOOKS["desktop-light"]);
  const ann = await phone("ann", "desktop-light", context);
  const ben = await phone("ben", "desktop-light", context);
  await ann.fill("#callee", "ben");
  await ann.click("#dial-audio");
  await ben.waitForSelector("#ring");
  assert.equal(await ben.textContent("#ring-kind"), "Incoming audio call");
  assert.equal(await ben.isVisible("#accept-video"), false);
  await ben.click("#accept-audio");
  await Promise.all([stateIs(ann, "Connected"), stateIs(ben, "Connected")]);
  assert.equal(await ann.isVisible("#camera"), false);
  await ann.evaluate(() => e2e.rises({ audioPackets: 20 }, 10_000));
  await ann.picture("7-audio");
  await ben.click("#hang-up");
  assert.match(await outcome(ann, "completed"), /^ben hung up/);
});

test("declined, cancelled, nobody there: said in plain words", async () => {
  const [ann, ben] = await Promise.all([phone("ann"), phone("ben")]);
  await ann.fill("#callee", "ben");
  await ann.click("#dial-video");
  await ben.click("#decline");
  assert.equal(await outcome(ann, "declined"), "ben declined the call.");
  assert.equal(await outcome(ben, "declined"), "You declined the call from ann.");

  await ann.click("#dial-audio");
  await ben.waitForSelector("#ring");
  await ann.click("#hang-up");
  assert.equal(await outcome(ann, "canceled"), "You cancelled the call to ben.");
  assert.equal(await outcome(ben, "canceled"), "ann hung up before you answered.");

  await ann.fill("#callee", "nobody-of-that-name");
  await ann.click("#dial-audio");
  assert.match(await outcome(ann, "dial_failed"), /could not be placed/);
  await ann.waitForFunction(() => document.getElementById("problem").textContent.length > 20);
});

test("while in a call the page declines a second one", async () => {
  // Names of this test alone: a device that left lately could still come back and answer.
  const [eve, fay, gus] = await Promise.all([phone("eve"), phone("fay"), phone("gus")]);
  await eve.fill("#callee", "fay");
  await eve.click("#dial-audio");
  await fay.click("#accept-audio");
  await stateIs(fay, "Connected");
  await gus.fill("#callee", "fay");
  await gus.click("#dial-audio");
  assert.equal(await outcome(gus, "declined"), "fay declined the call.");
  assert.equal(await fay.isVisible("#call"), true);
  await fay.click("#hang-up");
  await outcome(eve, "completed");
});

test("signing out and reloading: the name stays in the address only while signed in", async () => {
  const ann = await phone("ann");
  await ann.reload();
  await connected(ann);
  await ann.click("#sign-out");
  await ann.waitForSelector("#sign-in");
  assert.equal(new URL(ann.url()).search, "");
});

test("one sees that the connection is lost, and that it is back", async () => {
  const ann = await phone("ann");
  await here.server.kill("SIGKILL");
  await ann.waitForSelector('#connection[data-state="lost"]');
  await here.server.start();
  await connected(ann);
  assert.equal(await ann.textContent("#connection"), "Connected as ann");
});

test("on an insecure page the cure is said", async () => {
  const browser = await launch("--host-resolver-rules=MAP phone.test 127.0.0.1");
  try {
    const page = await openPage(await browser.newContext(LOOKS["phone-light"]));
    await page.goto(`http://phone.test:${here.server.port}/`);
    await page.waitForSelector("#insecure:not([hidden])");
    assert.match(await page.textContent("#insecure"), /https:\/\//);
    await page.screenshot({ path: join(pictures, "8-insecure-phone-light.png") });
  } finally {
    await browser.close();
  }
});
