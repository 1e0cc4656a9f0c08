/** One browser, and devices in it: a bare page of the server's origin that loads our script. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { Gate } from "./gate.mjs";

const recorder = join(dirname(fileURLToPath(import.meta.url)), "inpage.js");
/** Long enough for a slow machine with two cores; nothing waits for it when all is well. */
export const PATIENCE_MS = 10_000;

/** The browser under test; another can be named from outside. */
export const CHROMIUM = process.env.CURLEW_CHROMIUM ?? "/usr/bin/chromium";

/** The system's own Chromium with pretended camera and microphone. */
export function launch(...more) {
  return launchAs(CHROMIUM, ...more);
}

/** The same by another program that ends in Chromium. */
export function launchAs(executablePath, ...more) {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
      "--autoplay-policy=no-user-gesture-required",
      ...more,
    ],
  });
}

/** The ids of the processes that run a browser's pages, to stop or end them as a system would. */
export async function renderersOf(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
}

const BARE = `<!doctype html><meta charset="utf-8"><title>bare</title>
<link rel="icon" href="data:,">
<video id="local" autoplay muted playsinline></video>
<video id="remote" autoplay playsinline></video>
<script src="/sdk/SendBirdCall.min.js"></script>`;

/** A page with the recorder in it; `context` is shared by the tabs of one browser profile. */
export async function openPage(context, url) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.addInitScript({ path: recorder });
  page.on("pageerror", (error) => { page.lastError = error; });
  if (url) await page.goto(url);
  return page;
}

/**
 * Writes a page of our own into one that the server really sent. Chromium would count an answer
 * made up by the test as one from the public network and refuse it a socket to 127.0.0.1.
 */
export async function showPlain(page, server, html) {
  await page.goto(`${server.url}/healthz`);
  await page.setContent(html);
}

export class Device {
  constructor(server, page, gate) {
    this.server = server;
    this.page = page;
    this.gate = gate;
  }

  /** A new profile with a bare page. `gated` puts the socket behind a gate that tests can shut. */
  static async open(browser, server, { gated = false, context } = {}) {
    const profile = context ?? await browser.newContext();
    const page = await openPage(profile);
    const gate = gated ? await Gate.before(page) : null;
    await showPlain(page, server, BARE);
    return new Device(server, page, gate);
  }

  /** A device with its user signed in and ringable. */
  static async signedIn(browser, server, userId, options) {
    const device = await Device.open(browser, server, options);
    await device.signIn(userId, options);
    return device;
  }

  /** The same tab with its page loaded afresh: as far as the server knows, another device. */
  async reopen() {
    await this.page.reload();
    await this.page.setContent(BARE);
  }

  async signIn(userId, { accessToken = "", appId = this.server.appId } = {}) {
    await this.page.evaluate(async ({ userId, accessToken, appId }) => {
      SendBirdCall.init(appId);
      e2e.listen();
      await SendBirdCall.authenticate({ userId, accessToken });
      await SendBirdCall.connectWebSocket();
    }, { userId, accessToken, appId });
  }

  /** Dials and returns at once; the dial callback is noted as `dialled`. */
  dial(userId, { isVideoCall = false, ...option } = {}) {
    return this.page.evaluate(({ userId, isVideoCall, option }) => {
      const callOption = { ...e2e.views(), ...option };
      const call = SendBirdCall.dial({ userId, isVideoCall, callOption }, (given, error) => {
        const more = { code: error?.code ?? null, message: error?.message ?? null };
        e2e.note("dialled", given ?? null, more);
      });
      e2e.follow(call, "out");
    }, { userId, isVideoCall, option });
  }

  accept(option = {}) {
    return this.page.evaluate((option) => {
      e2e.in.accept({ callOption: { ...e2e.views(), ...option } });
    }, option);
  }

  /** Calls a method of the outgoing ("out") or incoming ("in") call. */
  call(side, method, ...args) {
    return this.page.evaluate(([side, method, args]) => e2e[side][method](...args),
      [side, method, args]);
  }

  view(side) {
    return this.page.evaluate((side) => e2e.view(e2e[side]), side);
  }

  /** The n-th event of a name, waited for. */
  saw(name, { nth = 1, within = PATIENCE_MS } = {}) {
    return this.page.evaluate(([name, nth, within]) => e2e.wait(name, nth, within),
      [name, nth, within]);
  }

  count(name) {
    return this.page.evaluate((name) => e2e.count(name), name);
  }

  media() {
    return this.page.evaluate(() => e2e.media());
  }

  /** Fails unless the counters rise by these amounts. */
  receives(wanted, within = PATIENCE_MS) {
    return this.page.evaluate(([wanted, within]) => e2e.rises(wanted, within), [wanted, within]);
  }

  ongoing() {
    return this.page.evaluate(() => SendBirdCall.getOngoingCallCount());
  }

  unhandled() {
    return this.page.evaluate(() => e2e.unhandled);
  }

  /** No capture and no connection is left in the page (P12). */
  isClean() {
    return this.page.evaluate(() => e2e.clean());
  }

  close() {
    return this.page.context().close();
  }
}
