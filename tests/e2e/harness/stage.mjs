/** What most tests begin and end with: a server, a browser, a connected call, an agreed end. */
import assert from "node:assert/strict";
import { after, before, afterEach } from "node:test";
import { Device, launch } from "./device.mjs";
import { Server } from "./server.mjs";

/** One server and one browser for a file; every profile opened in a test is closed after it. */
export function stage() {
  const here = {
    device: (options) => Device.open(here.browser, here.server, options),
    signedIn: (userId, options) => Device.signedIn(here.browser, here.server, userId, options),
  };
  before(async () => {
    [here.server, here.browser] = await Promise.all([Server.fresh(), launch()]);
  });
  afterEach(async () => {
    await Promise.all(here.browser.contexts().map((context) => context.close()));
  });
  after(async () => {
    await here.browser?.close();
    await here.server?.dispose();
  });
  return here;
}

/** Dials and waits until it rings there; gives the call's id. */
export async function ring(caller, callee, userId, options) {
  await caller.dial(userId, options);
  const [{ callId }] = await Promise.all([callee.saw("ringing"), caller.saw("dialled")]);
  return callId;
}

/** A call from the first to the second, with media up on both sides; gives its id. */
export async function connect(caller, callee, userId, options) {
  const callId = await ring(caller, callee, userId, options);
  await callee.accept();
  await Promise.all([
    caller.saw("out.Established"), callee.saw("in.Established"),
    caller.saw("out.Connected"), callee.saw("in.Connected"),
  ]);
  return callId;
}

/**
 * Both sides saw the end once, and the log, both results, who ended it and the durations agree
 * (P2); nothing is captured or connected any more (P12). Gives the log row. A side that could not
 * reach the server keeps its own count of the duration, `apartMs` from the log at the most.
 */
export async function agreeOn(result, callId, { server, caller, callees, apartMs = 0 }) {
  const sides = [[caller, "out"], ...callees.map((callee) => [callee, "in"])];
  const ends = await Promise.all(sides.map(([device, side]) => device.saw(`${side}.Ended`)));
  const row = await server.callRow(callId);
  assert.equal(row.end_result, result);
  for (const end of ends) {
    assert.equal(end.callId, callId);
    assert.equal(end.endResult, result);
    const apart = Math.abs(end.duration - row.duration);
    assert.ok(apart <= apartMs, `lasted ${end.duration} ms here, ${row.duration} in the log`);
    assert.equal(end.endedBy, row.ended_by ?? null);
    assert.equal(end.isEnded, true);
  }
  for (const [device, side] of sides) {
    await device.isClean();
    assert.equal(await device.count(`${side}.Ended`), 1);
    assert.equal(await device.ongoing(), 0);
    assert.deepEqual(await device.unhandled(), []);
  }
  return row;
}
