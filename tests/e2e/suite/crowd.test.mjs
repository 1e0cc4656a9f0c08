/** Five hundred clients and a server that restarts (F38); a thousand that go without a word (F42). */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { Crowd } from "../harness/crowd.mjs";
import { Hole } from "../harness/hole.mjs";
import { Server } from "../harness/server.mjs";

const SIZE = 500;
const SPAN_MS = 500;
const BACK_MS = 60_000;
/** The time between the old process and the new one is the input of these tests. */
const DOWN_MS = 3_000;
let server;
let crowd;

before(async () => {
  server = await Server.fresh();
  crowd = await Crowd.of(SIZE, server);
});
after(async () => {
  crowd?.leave();
  await server?.dispose();
});

async function restart(signal) {
  const from = performance.now();
  await server.kill(signal);
  await crowd.lost();
  await new Promise((resolve) => setTimeout(resolve, DOWN_MS));
  await server.start();
  await crowd.connected(BACK_MS - (performance.now() - from));
  return from;
}

/** Everyone was let in again, with the same session key. */
function assertAllBack(times) {
  assert.deepEqual(crowd.refused, []);
  const counts = crowd.clients.map(({ welcomes }) => welcomes.length);
  assert.deepEqual([...new Set(counts)], [times]);
}

test("killed: the attempts are spread, and all are back within a minute", async () => {
  const from = await restart("SIGKILL");
  assertAllBack(2);
  const { part, attempts } = crowd.peak(from, SPAN_MS);
  // Two waves of one attempt each, 2 s and 4 s wide: about 13 % in the fullest half second. All
  // at the same beat would be 50 %.
  assert.ok(attempts >= SIZE, `${attempts} attempts`);
  assert.ok(part < 0.25, `${Math.round(part * 100)} % of ${attempts} in half a second`);
  assert.ok(attempts < 4 * SIZE, `${attempts} attempts: waits grow while nobody answers`);
});

test("stopped with a goodbye: the same", async () => {
  const from = await restart("SIGTERM");
  assertAllBack(3);
  const { part, attempts } = crowd.peak(from, SPAN_MS);
  assert.ok(part < 0.25, `${Math.round(part * 100)} % of ${attempts} in half a second`);
  // The goodbye was obeyed: nobody came before the time it named.
  const first = Math.min(...crowd.attempts.filter((at) => at >= from));
  assert.ok(first - from >= 1_000, `the first came after ${Math.round(first - from)} ms`);
});

test("back at once after a goodbye: even the first wave is spread", async () => {
  const from = performance.now();
  await server.kill("SIGTERM");
  await crowd.lost();
  await server.start();
  await crowd.connected(BACK_MS);
  assertAllBack(4);
  const { part, attempts } = crowd.peak(from, SPAN_MS);
  // One wave, 2 s wide: a quarter in each half second, with room for chance and for a slow start.
  assert.ok(part < 0.45, `${Math.round(part * 100)} % of ${attempts} in half a second`);
});

test("a thousand are cut off without a word: the server lets go of all by itself (F42)",
  { skip: process.platform !== "linux" && "counts the server's open files in /proc" },
  async (t) => {
    crowd.leave();
    const lonely = await Server.fresh();
    t.after(() => lonely.dispose());
    const hole = await Hole.before(lonely);
    t.after(() => hole.close());
    const open = async () => (await readdir(`/proc/${lonely.process.pid}/fd`)).length;
    const before = await open();
    const many = await Crowd.of(1_000, lonely, hole.server);
    assert.ok(await open() >= before + 1_000, "each has its socket");
    // No end of a connection reaches the server from here on.
    hole.swallow();
    many.leave();
    const until = Date.now() + 60_000;
    // What is more are the requests for the sign-ins, which Node keeps alive.
    while (await open() > before + 20) {
      assert.ok(Date.now() < until, `${await open()} files are open, ${before} were before`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    assert.deepEqual(many.refused, []);
    const again = await Crowd.of(10, lonely);
    again.leave();
  });
