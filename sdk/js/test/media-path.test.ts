/** The path's monitor: outages told in strict pairs, attempts in time, one end. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ATTEMPT_MS,
  CALLEE_PATIENCE_MS,
  CHANGE_PAUSE_MS,
  DOWN_LIMIT_MS,
  EARLY_LIMIT_MS,
  FLICKER_MS,
  PathMonitor,
  type PathEffect,
  type PathSign,
} from "../src/core/path.js";
import type { Role } from "../src/core/enums.js";

/** A monitor and its clock, which runs the ticks that are due. */
class Run {
  now = 0;
  readonly told: string[] = [];
  readonly monitor: PathMonitor;

  constructor(role: Role, isEarly = false) {
    this.monitor = new PathMonitor(role, isEarly, 0);
  }

  note(effects: PathEffect[]): void {
    for (const effect of effects) this.told.push(`${this.now} ${effect}`);
  }

  sign(sign: PathSign): this {
    this.note(this.monitor.handleSign(sign, this.now));
    return this;
  }

  until(time: number): this {
    for (let at = this.monitor.wakeAt(); at !== undefined && at <= time; ) {
      this.now = Math.max(this.now, at);
      this.note(this.monitor.handleTick(this.now));
      at = this.monitor.wakeAt();
    }
    this.now = time;
    return this;
  }
}

test("up once, and a flicker is neither told nor acted upon", () => {
  const run = new Run("dc_caller").sign("connecting").sign("connected").sign("connected");
  run.until(10_000).sign("disconnected").until(10_000 + FLICKER_MS - 1).sign("connected");
  run.until(20_000).sign("connecting").sign("connected").until(100_000);
  assert.deepEqual(run.told, ["0 up"]);
});

test("an outage: told after a second, the caller tries at once and again", () => {
  const run = new Run("dc_caller").sign("connected").until(10_000).sign("disconnected");
  run.until(16_000).sign("connected").until(100_000);
  assert.deepEqual(run.told, [
    "0 up", "11000 down", "11000 restart", "15000 restart", "16000 up_again",
  ]);
});

test("the callee tries only when the caller did nothing for two seconds", () => {
  const alone = new Run("dc_callee").sign("connected").until(10_000).sign("failed").until(17_000);
  assert.deepEqual(alone.told, [
    "0 up", "10000 down", `${10_000 + CALLEE_PATIENCE_MS} restart`, "16000 restart",
  ]);
  const led = new Run("dc_callee").sign("connected").until(10_000).sign("failed").until(11_000);
  led.monitor.handleAttemptSeen(11_000);
  led.until(11_000 + ATTEMPT_MS - 1);
  assert.deepEqual(led.told, ["0 up", "10000 down"]);
  led.until(11_000 + ATTEMPT_MS);
  assert.equal(led.told.at(-1), `${11_000 + ATTEMPT_MS} restart`);
});

test("after thirty seconds it is given up, once and for good", () => {
  for (const role of ["dc_caller", "dc_callee"] as const) {
    const run = new Run(role).sign("connected").until(1_000).sign("disconnected").until(90_000);
    run.sign("failed").sign("connecting").sign("connected").sign("disconnected");
    run.note(run.monitor.handleNetworkChange(run.now));
    run.until(200_000);
    assert.equal(run.monitor.wakeAt(), undefined);
    const ends = run.told.filter((line) => /down|failed|up/.test(line));
    assert.deepEqual(ends, ["0 up", "2000 down", `${1_000 + DOWN_LIMIT_MS} failed`]);
    assert.ok(run.told.filter((line) => line.endsWith("restart")).length >= 6);
    assert.equal(run.told.at(-1), `${1_000 + DOWN_LIMIT_MS} failed`);
  }
});

test("a path that was never up is not told as lost, but looked for", () => {
  const run = new Run("dc_caller").sign("connecting").until(3_000).sign("failed").until(8_000);
  assert.deepEqual(run.told, ["3000 restart", "7000 restart"]);
  run.sign("connected");
  assert.equal(run.told.at(-1), "8000 up");
});

test("an early path that does not come up is tried on a fresh connection, once", () => {
  const caller = new Run("dc_caller", true).until(10_000);
  assert.deepEqual(caller.told, [
    `${EARLY_LIMIT_MS} renew`, `${EARLY_LIMIT_MS + ATTEMPT_MS} restart`,
    `${EARLY_LIMIT_MS + 2 * ATTEMPT_MS} restart`,
  ]);
  const up = new Run("dc_caller", true).until(EARLY_LIMIT_MS - 1).sign("connected").until(90_000);
  assert.deepEqual(up.told, [`${EARLY_LIMIT_MS - 1} up`]);
  const callee = new Run("dc_callee", true).until(6_000);
  assert.deepEqual(callee.told, ["6000 restart"]);
});

test("another network: either side looks at once, swarms are thinned, none is lost", () => {
  for (const role of ["dc_caller", "dc_callee"] as const) {
    const run = new Run(role).sign("connected").until(50_000);
    for (let n = 0; n < 5; n++) run.note(run.monitor.handleNetworkChange(run.now));
    run.until(90_000);
    assert.deepEqual(run.told, ["0 up", "50000 restart", `${50_000 + CHANGE_PAUSE_MS} restart`]);
  }
});

test("another network, and the other side's attempt came first: that one serves both", () => {
  const run = new Run("dc_callee").sign("connected").until(50_000);
  run.monitor.handleAttemptSeen(run.now);
  run.note(run.monitor.handleNetworkChange(run.now));
  run.monitor.handleAttemptSeen(run.now + 100);
  run.until(90_000);
  assert.deepEqual(run.told, ["0 up"]);
});

test("a page that slept wakes to an outage that has just begun", () => {
  const run = new Run("dc_caller").sign("connected").until(1_000).sign("disconnected");
  run.now = 600_000;
  run.note(run.monitor.handleTick(run.now));
  assert.deepEqual(run.told, ["0 up", "600000 down", "600000 restart"]);
  run.until(610_000).sign("connected");
  assert.equal(run.told.at(-1), "610000 up_again");
});

test("whatever comes: pairs are strict, and each sign in each state has an answer", () => {
  const signs: PathSign[] = ["connecting", "connected", "disconnected", "failed"];
  for (let seed = 1; seed <= 500; seed++) {
    let state = seed;
    const roll = (n: number): number => {
      state = (Math.imul(state, 48_271) >>> 0) % 0x7fff_ffff;
      return state % n;
    };
    const run = new Run(roll(2) ? "dc_caller" : "dc_callee", roll(2) === 1);
    for (let step = 0; step < 80; step++) {
      run.until(run.now + roll(9_000));
      const what = roll(6);
      if (what < 4) run.sign(signs[what] ?? "connected");
      else if (what === 4) run.note(run.monitor.handleNetworkChange(run.now));
      else run.monitor.handleAttemptSeen(run.now);
      const wake = run.monitor.wakeAt();
      assert.ok(wake === undefined || wake > run.now, `seed ${seed}: due work was left`);
    }
    const marks = run.told.map((line) => line.split(" ")[1] ?? "")
      .filter((name) => name !== "restart" && name !== "renew").join(" ");
    assert.match(marks, /^(up( down up_again)*( down( failed)?)?)?$/, `seed ${seed}`);
    assert.equal(run.monitor.isDown, / down$/.test(marks), `seed ${seed}`);
  }
});
