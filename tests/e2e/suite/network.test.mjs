/** Calls over a network that breaks: real interfaces, real addresses, packets really lost. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  lasts, mediaAddress, netStage, story, strictPairs,
} from "../harness/net-stage.mjs";
import { agreeOn, connect } from "../harness/stage.mjs";

const here = netStage();
/** Chromium doubts a path 5 to 7.5 s after the first check that was lost. */
const NOTICED_MS = 12_000;
/** A path that is back is found again within this time: two attempts and the checks of ICE. */
const BACK_MS = 20_000;
/** Until the loss is seen and told, and then the limit of 30 s after which it is given up. */
const GIVEN_UP_MS = 45_000;
/** The SDK waits 2 s before it connects again, and more after a refusal. */
const RECONNECT_MS = 20_000;
/** A side that cannot ask the server when the call ended knows it this well. */
const APART_MS = 1_000;
/** The server's grace for a lost session, and some more. */
const PAST_THE_GRACE_MS = 35_000;

/**
 * A call from `caller` to `callee`, one of them in a spot of its own whose links can be broken and
 * the other one on the steady link. `before` runs before both sign in, `ready` before the dial.
 */
async function callWith(name, { broken = "caller", isVideoCall = false, ...options } = {}) {
  const { world, steady } = here;
  const spot = await world.spot(options);
  const spots = { caller: steady, callee: steady, [broken]: spot };
  await options.before?.(spot);
  const [caller, callee] = await Promise.all([
    world.watched(spots.caller, `${name}-a`), world.watched(spots.callee, `${name}-b`),
  ]);
  await options.ready?.(spot);
  const callId = await connect(caller, callee, `${name}-b`, { isVideoCall });
  const sides = [[caller, "out"], [callee, "in"]];
  const wanted = { audioPackets: 50, ...(isVideoCall ? { framesDecoded: 5 } : {}) };
  const flows = () => Promise.all(
    sides.map(([device]) => device.receives(wanted, BACK_MS)));
  await flows();
  const agree = (result, apartMs) => agreeOn(result, callId, {
    server: world.server, caller, callees: [callee], apartMs,
  });
  const net = world.net;
  return { net, spot, caller, callee, callId, sides, flows, agree };
}

const outagesOf = (sides) => Promise.all(sides.map((side) => strictPairs(...side)));

describe("a network that breaks", { concurrency: 6 }, () => {
  // The longest come first, so that the others run beside them.
  test("UDP is lost for good: reconnecting, then connection lost, on both sides (F30)", async () => {
    const call = await callWith("udp-good");
    await call.net.faults(call.spot.address, { udp: "drop" });
    await Promise.all(call.sides.map(([device, side]) =>
      device.saw(`${side}.Ended`, { within: GIVEN_UP_MS })));
    assert.deepEqual(await outagesOf(call.sides), [1, 1]);
    await call.agree("connection_lost");
  });

  test("only the socket is cut and returns after two seconds (F35)", async () => {
    const call = await callWith("socket-cut");
    const [first] = call.caller.sockets.filter(({ closedAt }) => closedAt === null);
    await call.net.faults(call.spot.address, { tcp: "reset" });
    await lasts(2_000);
    assert.notEqual(first.closedAt, null, "the socket is really gone");
    await call.net.faults(call.spot.address);
    await lasts(PAST_THE_GRACE_MS);
    await call.flows();
    await mutesAreSeen(call);
    assert.deepEqual(await outagesOf(call.sides), [0, 0]);
    for (const [device, side] of call.sides) assert.equal(await device.count(`${side}.Ended`), 0);
    await call.callee.call("in", "end");
    await call.agree("completed");
  });

  for (const broken of ["caller", "callee"]) {
    test(`UDP of the ${broken} is lost for eight seconds: reconnected (F30)`, async () => {
      const isVideoCall = broken === "caller";
      const call = await callWith(`udp-eight-${broken}`, { broken, isVideoCall });
      await call.net.faults(call.spot.address, { udp: "drop" });
      await Promise.all([lasts(8_000), ...call.sides.map(([device, side]) =>
        device.saw(`${side}.Reconnecting`, { within: NOTICED_MS }))]);
      await call.net.faults(call.spot.address);
      await Promise.all(call.sides.map(([device, side]) =>
        device.saw(`${side}.Reconnected`, { within: BACK_MS })));
      await call.flows();
      assert.deepEqual(await outagesOf(call.sides), [1, 1]);
      await call.caller.call("out", "end");
      await call.agree("completed");
    });
  }

  test("UDP is lost for a second: the call goes on and nothing is told (F33)", async () => {
    const call = await callWith("udp-one", { broken: "callee" });
    await call.net.faults(call.spot.address, { udp: "drop" });
    await lasts(1_000);
    await call.net.faults(call.spot.address);
    await call.flows();
    // The browser's own doubt comes some seconds later, if it does.
    await lasts(8_000);
    await call.flows();
    for (const outages of await outagesOf(call.sides)) assert.ok(outages <= 1);
    for (const [device, side] of call.sides) assert.equal(await device.count(`${side}.Ended`), 0);
    await call.callee.call("in", "end");
    await call.agree("completed");
  });

  for (const broken of ["caller", "callee"]) {
    test(`the ${broken}'s interface goes while another is there: it survives (F31)`, async () => {
      const call = await callWith(`vpn-off-${broken}`, { broken, interfaces: 2 });
      const [device] = call.sides.find(([one]) => one === call[broken]);
      const used = await mediaAddress(device);
      assert.ok(call.spot.addresses.includes(used), `${used} carries the media`);
      await call.net.unplug(used);
      await call.flows();
      assert.notEqual(await mediaAddress(device), used);
      await survives(call);
    });

    test(`the ${broken} changes networks, 18 s without any: it survives (F31)`, async () => {
      // The second network is not there when the call begins, so nobody has a candidate of it.
      const away = ({ addresses }) => here.world.net.unplug(addresses[1]);
      const call = await callWith(`roam-${broken}`, { broken, interfaces: 2, before: away });
      const [first, second] = call.spot.addresses;
      assert.equal(await mediaAddress(call[broken]), first);
      await call.net.unplug(first);
      await lasts(18_000);
      await call.net.plug(second);
      await call.flows();
      assert.equal(await mediaAddress(call[broken]), second);
      await survives(call);
    });
  }

  test("every tenth packet is lost, 100 ms for a round trip: it connects and stays", async () => {
    const bad = { delayMs: 50, lossPercent: 10 };
    const ready = ({ address }) => here.world.net.faults(address, bad);
    const call = await callWith("lossy", { ready });
    const roundTrip = await call.caller.page.evaluate(async () => {
      const start = performance.now();
      await (await fetch("/healthz", { cache: "no-store" })).text();
      return performance.now() - start;
    });
    assert.ok(roundTrip >= 100, `${roundTrip} ms for question and answer`);
    await lasts(10_000);
    await call.flows();
    assert.deepEqual(await outagesOf(call.sides), [0, 0]);
    await mutesAreSeen(call);
    await call.caller.call("out", "end");
    await call.agree("completed", APART_MS);
  });

  test("the server is out of reach: mute, hold and end pass from peer to peer", async () => {
    const call = await callWith("peer-to-peer", { broken: "callee" });
    await call.net.faults(call.spot.address, { tcp: "drop" });
    await mutesAreSeen(call, { within: 2_000 });
    await call.callee.call("in", "hold");
    await call.caller.saw("out.UserHoldStatusChanged", { within: 2_000 });
    await call.callee.call("in", "end");
    const [ended] = await Promise.all([
      call.caller.saw("out.Ended", { within: 2_000 }),
      call.callee.saw("in.Ended", { within: 5_000 }),
    ]);
    assert.equal(ended.endedBy, "peer-to-peer-b");
    await call.net.faults(call.spot.address);
    await call.agree("completed", APART_MS);
  });
});

/** Each side mutes and takes it back; the other one is told, once each. */
async function mutesAreSeen({ sides }, { within = RECONNECT_MS } = {}) {
  for (const [index, [device, side]] of sides.entries()) {
    const [other, otherSide] = sides[1 - index];
    for (const [nth, method] of [[1, "muteMicrophone"], [2, "unmuteMicrophone"]]) {
      await device.call(side, method);
      const seen = await other.saw(`${otherSide}.RemoteAudioSettingsChanged`, { nth, within });
      assert.equal(seen.isRemoteAudioEnabled, method === "unmuteMicrophone");
    }
  }
}

/** After the change of interface: nothing was lost on the way, and the server is reached. */
async function survives(call) {
  await outagesOf(call.sides);
  for (const [device, side] of call.sides) {
    assert.equal(await device.count(`${side}.Ended`), 0, `${await story(device, side)}`);
  }
  await mutesAreSeen(call, { within: RECONNECT_MS });
  await call.caller.call("out", "end");
  await call.agree("completed", APART_MS);
}
