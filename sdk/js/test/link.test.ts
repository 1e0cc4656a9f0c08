/** The real link in a pretended world: sleep and wake, throttled timers, restarts, order. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CallError, ErrorCode } from "../src/core/errors.js";
import { LinkWorld } from "./link-world.js";

const MINUTE = 60_000;

test("ten minutes with timers once a minute: one connection, never thrown out (F37)", () => {
  for (const phase of [0, 7_000, 31_000, 59_000]) {
    const world = LinkWorld.connected();
    world.machine.run(phase);
    world.machine.throttleMs = MINUTE;
    for (let n = 1; n <= 10; n++) {
      world.machine.run(MINUTE);
      world.net.tell({ event: "snapshot", calls: [] });
    }
    world.machine.run(1_000);
    assert.equal(world.net.wires.length, 1, `phase ${phase}`);
    assert.deepEqual(world.net.closed, []);
    assert.equal(world.seen.length, 10, "calls go on to ring there");
  }
});

test("a dead connection under throttled timers is found within four minutes", () => {
  const world = LinkWorld.connected();
  world.machine.throttleMs = MINUTE;
  world.machine.run(2 * MINUTE);
  world.net.hole = true;
  world.machine.run(4 * MINUTE);
  assert.ok(world.net.wires.length > 1);
  world.net.hole = false;
  world.machine.run(4 * MINUTE);
  assert.ok(world.link.open, "and the attempt that hung in the hole is given up too");
});

test("a socket that died in the sleep is found within 10 s, without any event", () => {
  for (const slept of [20_000, 10 * MINUTE, 8 * 60 * MINUTE]) {
    for (const isMonotonicAwake of [false, true]) {
      const world = LinkWorld.connected();
      const [dead] = world.net.wires;
      assert.ok(dead);
      dead.close();
      if (isMonotonicAwake) world.machine.monotonic += slept;
      world.machine.sleep(slept);
      world.machine.run(9_000);
      assert.ok(world.link.open, `${slept} ms, monotonic awake: ${isMonotonicAwake}`);
      assert.equal(world.welcomes, 2);
    }
  }
});

test("several signs of waking at once ask once, and do not prolong the wait", () => {
  const world = LinkWorld.connected();
  const asked = (): number => world.net.wire.said.filter(({ type }) => type === "ping").length;
  world.machine.wake();
  world.machine.wake();
  world.machine.run(500);
  assert.equal(asked(), 1);
  world.net.hole = true;
  world.machine.wake();
  for (let n = 0; n < 10; n++) {
    world.machine.run(500);
    world.machine.wake();
  }
  assert.equal(world.net.wires.length, 2, "given up after 4 s, though woken all the time");
});

test("a connection that lives is kept through any number of sleeps", () => {
  const world = LinkWorld.connected();
  for (let n = 0; n < 20; n++) {
    world.machine.sleep(30 * MINUTE);
    world.machine.wake();
    world.machine.run(3_000);
  }
  assert.equal(world.net.wires.length, 1);
});

test("a question from before the sleep is not held against the connection", () => {
  const world = LinkWorld.connected();
  world.net.patient = true;
  world.net.hole = true;
  // The server's silence makes the link ask, ten seconds before it would give up.
  world.machine.run(25_000 + 8_000);
  world.net.hole = false;
  world.machine.sleep(30 * MINUTE);
  world.machine.run(6_000);
  assert.equal(world.net.wires.length, 1, "asked again after the sleep, and answered");
});

test("an answer that waits behind late timers is waited for (F37)", () => {
  const world = LinkWorld.connected();
  world.net.patient = true;
  for (let n = 0; n < 5; n++) {
    world.machine.wake();
    world.machine.frozen = true;
    world.machine.run(10 * MINUTE);
    world.machine.frozen = false;
    // The timers come first, the pong of ten minutes ago after them.
    world.machine.run(20_000);
  }
  assert.equal(world.net.wires.length, 1);
});

test("silence alone: asked after the heartbeat, given up 10 s later", () => {
  const world = LinkWorld.connected();
  world.net.hole = true;
  world.machine.run(33_000);
  assert.equal(world.net.wires.length, 1);
  world.machine.run(3_000);
  assert.equal(world.net.wires.length, 2);
});

test("a clock that is set back or forth costs a question at the most", () => {
  const world = LinkWorld.connected();
  for (const by of [-60 * MINUTE, 60 * MINUTE, -1, 5_000]) {
    world.machine.wall += by;
    world.machine.run(20_000);
  }
  assert.equal(world.net.wires.length, 1);
});

test("waking while it waits for the next attempt connects at once, but not in a burst", () => {
  const world = LinkWorld.connected();
  world.net.down = true;
  world.net.wire.endByServer(1006);
  world.machine.run(60_000);
  const before = world.net.attempts.length;
  world.net.down = false;
  world.machine.sleep(5 * MINUTE);
  world.machine.wake();
  world.machine.run(100);
  assert.ok(world.link.open);
  assert.equal(world.net.attempts.length, before + 1);

  world.net.down = true;
  world.net.wire.endByServer(1006);
  const burst = world.net.attempts.length;
  for (let n = 0; n < 100; n++) {
    world.machine.run(100);
    world.machine.wake();
  }
  assert.ok(world.net.attempts.length - burst <= 10, "once a second at the most");
});

test("an attempt from before the sleep is not waited for", () => {
  const world = LinkWorld.connected();
  world.net.wire.endByServer(1006);
  world.net.hole = true;
  world.machine.run(3_000);
  assert.equal(world.net.wires.length, 2, "the attempt hangs");
  world.machine.sleep(5 * MINUTE);
  world.net.hole = false;
  world.machine.run(9_500);
  assert.ok(world.link.open);
});

test("attempts follow the documented interval and back off to half a minute at most", () => {
  const world = LinkWorld.connected();
  world.net.down = true;
  world.net.wire.endByServer(1006);
  world.machine.run(5 * MINUTE);
  const waits = world.net.attempts.slice(1).map((at, n) => at - (world.net.attempts[n] ?? 0));
  const rounded = waits.map((ms) => Math.round(ms / 1_000));
  assert.deepEqual(rounded.slice(1, 6), [4, 8, 16, 20, 20]);
  world.net.down = false;
  world.machine.run(31_000);
  assert.ok(world.link.open);
});

test("a goodbye is obeyed once; after it the usual waits hold", () => {
  const world = LinkWorld.connected();
  world.net.wire.tell({ type: "goodbye", retryAfterMs: 1_000 });
  world.machine.run(100);
  world.net.down = true;
  const at = world.machine.monotonic;
  world.net.wire.endByServer(1012);
  world.machine.run(10_000);
  const [, first = 0, second = 0] = world.net.attempts;
  assert.equal(first - at, 2_000);
  assert.ok(second - first >= 2_000 && second - first < 2_100);
});

test("events missed by a dead connection come once and in order after it", () => {
  const world = LinkWorld.connected();
  const ring = (callId: string): void => {
    world.net.tell({ event: "signal", callId, leg: 1, signal: { revision: 1, candidates: [] } });
  };
  ring("1");
  world.machine.run(100);
  world.net.hole = true;
  ring("2");
  ring("3");
  world.machine.run(40_000);
  world.net.hole = false;
  world.machine.run(40_000);
  ring("4");
  world.machine.run(100);
  const ids = world.seen.map((body) => (body.event === "signal" ? body.callId : "?"));
  assert.deepEqual(ids, ["1", "2", "3", "4"]);
});

test("a server that welcomes and fails right after is met less and less often", () => {
  const world = new LinkWorld();
  world.net.sick = true;
  void world.link.start();
  world.machine.run(2 * MINUTE);
  assert.ok(world.welcomes >= 6, "each time it welcomed");
  assert.ok(world.welcomes <= 10, `${world.welcomes} welcomes in two minutes`);
  world.net.sick = false;
  world.machine.run(MINUTE);
  assert.ok(world.link.open);
  const before = world.net.attempts.length;
  const at = world.machine.monotonic;
  world.net.wire.endByServer(1006);
  world.machine.run(3_000);
  assert.equal((world.net.attempts[before] ?? 0) - at, 2_000, "well again: the first wait");
});

test("what was asked while away, or whose answer was lost, is asked in order and answered once",
  async () => {
    const world = LinkWorld.connected();
    const answered: string[] = [];
    const ask = (callId: string): void => {
      void world.link.request({ verb: "end", callId }).then(() => answered.push(callId));
    };
    ask("1");
    world.machine.run(30);
    // The first request has arrived, its answer is on its way, and the wire goes dead.
    world.net.hole = true;
    ask("2");
    world.link.oneShot({ verb: "end", callId: "worth nothing later" });
    world.machine.run(40_000);
    world.net.hole = false;
    world.machine.run(30_000);
    ask("3");
    world.machine.run(100);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(answered, ["1", "2", "3"]);
    const [one, two, three] = [...new Set(world.net.asked)];
    assert.deepEqual(world.net.asked, [one, one, two, three]);
  });

test("a session that is over stops everything: no attempt, no timer, no sign of waking", () => {
  for (const code of [4401, 4410, 4426]) {
    const world = LinkWorld.connected();
    world.net.wire.endByServer(code);
    assert.equal(world.over.length, 1);
    world.machine.wake();
    world.machine.run(10 * MINUTE);
    assert.equal(world.net.wires.length, 1);
    assert.equal(world.machine.wakers.size, 0);
  }
  const world = LinkWorld.connected();
  world.link.stop(new CallError(ErrorCode.USER_NOT_AUTHENTICATED, "over"));
  world.machine.run(MINUTE);
  assert.equal(world.net.wires.length, 1);
  assert.equal([...world.machine.jobs].filter(({ kind }) => kind === "timer").length, 0);
});
