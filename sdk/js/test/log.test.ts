/** The call-log query, and the data of webhooks and pushes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallLog } from "../src/browser/direct-call/call-log.js";
import type { CallLogEntry } from "../src/wire/protocol.js";
import { World, settle } from "./fake-browser.js";
import { HOST, codeOf, fresh, rings, signedIn } from "./phone.js";
import { user, view } from "./views.js";

function entry(n: number): CallLogEntry {
  return {
    callId: `call-${n}`,
    isVideoCall: false,
    startedAt: 1_000 * n,
    endedAt: 1_000 * n + 900,
    durationMs: 500,
    caller: user("ann"),
    callee: user("ben"),
    endedBy: "dc_callee",
    endResult: "completed",
    customItems: { a: "1" },
    myRole: "dc_caller",
  };
}

/** A server with so many calls in its log; notes what it is asked. */
function holds(world: World, count: number): URLSearchParams[] {
  const asked: URLSearchParams[] = [];
  world.onGet = (url) => {
    assert.equal(url.pathname, "/v1/sessions/current/direct_calls");
    asked.push(url.searchParams);
    const from = Number(url.searchParams.get("next") ?? 0);
    const limit = Number(url.searchParams.get("limit"));
    const to = Math.min(count, from + limit);
    const calls = Array.from({ length: to - from }, (_, n) => entry(from + n));
    return { status: 200, body: { calls, next: to < count ? String(to) : "" } };
  };
  return asked;
}

test("eleven calls in pages of ten: two pages, no repeat (F50)", async () => {
  const { world, client } = await signedIn();
  const asked = holds(world, 11);
  const query = client.createLogQuery({ limit: 10 });
  assert.deepEqual([query.hasNext, query.isLoading, query.limit], [true, false, 10]);
  const first = await query.next();
  assert.deepEqual([first.length, query.hasNext], [10, true]);
  const second = await query.next();
  assert.deepEqual([second.length, query.hasNext], [1, false]);
  assert.equal(new Set([...first, ...second].map(({ callId }) => callId)).size, 11);
  assert.deepEqual([await query.next(), asked.length], [[], 2]);
});

test("an entry has the documented fields", async () => {
  const { world, client } = await signedIn();
  holds(world, 1);
  const [log] = (await client.createLogQuery().next()) as [CallLog];
  assert.deepEqual([log.callId, log.duration, log.endResult], ["call-0", 500, "completed"]);
  assert.deepEqual([log.caller.userId, log.caller.role], ["ann", "dc_caller"]);
  assert.deepEqual([log.endedBy?.userId, log.endedBy?.role], ["ben", "dc_callee"]);
  assert.deepEqual([log.userRole, log.myRole, log.isFromServer], ["dc_caller", "dc_caller", true]);
  assert.deepEqual([log.startedAt, log.endedAt, log.customItems], [0, 900, { a: "1" }]);
  JSON.stringify(log);
});

test("a second next() while one is on its way: 1800206, and the first goes on", async () => {
  const { world, client } = await signedIn();
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  world.onGet = async () => {
    await gate;
    return { status: 200, body: { calls: [entry(1)], next: "" } };
  };
  const query = client.createLogQuery();
  const first = query.next();
  assert.equal(query.isLoading, true);
  const heard: unknown[] = [];
  const second = query.next((logs, error) => {
    heard.push(logs, (error as { code?: number } | null)?.code);
  });
  assert.equal(await codeOf(second), 1800206);
  assert.deepEqual(heard, [null, 1800206]);
  release();
  assert.equal((await first).length, 1);
  assert.deepEqual([query.isLoading, query.hasNext], [false, false]);
});

test("filters in either case, times in both units, limits to the nearest", async () => {
  const { world, client } = await signedIn();
  const asked = holds(world, 0);
  const ask = async (params: object) => {
    await client.createLogQuery(params).next();
    return Object.fromEntries(asked.at(-1) ?? []);
  };
  assert.deepEqual(await ask({}), { limit: "20" });
  assert.deepEqual(
    await ask({ myRole: "dc_callee", endResults: ["DECLINED", "no_answer", "declined"] }),
    { my_role: "dc_callee", end_results: "declined,no_answer", limit: "20" },
  );
  const times = { started_from: "1700000000000", started_to: "1700000100000", limit: "10" };
  const inMs = { startedAt: 1_700_000_000_000, endedAt: 1_700_000_100_000 };
  assert.deepEqual(await ask({ ...inMs, limit: 1 }), times);
  const inSecs = { start_ts: 1_700_000_000, end_ts: 1_700_000_100 };
  assert.deepEqual(await ask({ ...inSecs, limit: 10 }), times);
  assert.equal((await ask({ limit: 1_000 }))["limit"], "100");
  assert.deepEqual(await ask({ myRole: null, endResults: [], limit: null }), { limit: "20" });
});

test("results that only devices know are in no log", async () => {
  const { world, client } = await signedIn();
  const asked = holds(world, 5);
  const only = client.createLogQuery({ endResults: ["DIAL_FAILED", "accept_failed", "UNKNOWN"] });
  assert.deepEqual([await only.next(), only.hasNext, asked.length], [[], false, 0]);
  await client.createLogQuery({ endResults: ["DIAL_FAILED", "COMPLETED"] }).next();
  assert.equal(asked[0]?.get("end_results"), "completed");
});

test("bad parameters are told by next(), and nothing is asked", async () => {
  const { world, client } = await signedIn();
  const asked = holds(world, 1);
  const code = (params: unknown) => codeOf(client.createLogQuery(params as object).next());
  assert.equal(await code({ myRole: "boss" }), 1800300);
  assert.equal(await code({ myRole: 7 }), 1800301);
  assert.equal(await code({ endResults: ["LATE"] }), 1800300);
  assert.equal(await code({ endResults: "DECLINED" }), 1800301);
  assert.equal(await code({ endResults: [7] }), 1800301);
  assert.equal(await code({ limit: "10" }), 1800301);
  assert.equal(await code({ startedAt: "yesterday" }), 1800301);
  assert.equal(await code({ end_ts: -1 }), 1800300);
  assert.equal(asked.length, 0);
});

test("without init, without a user, as another user, and what the server refuses", async () => {
  World.install();
  const early = fresh();
  assert.equal(await codeOf(early.createLogQuery().next()), 1800302);
  early.init("A", HOST);
  assert.equal(await codeOf(early.createLogQuery().next()), 1800303);
  const { world, client } = await signedIn();
  holds(world, 30);
  const query = client.createLogQuery({ limit: 10 });
  await query.next();
  client.deauthenticate();
  assert.equal(await codeOf(query.next()), 1800303);
  await client.authenticate({ userId: "ben" });
  assert.equal(await codeOf(query.next()), 1800303);
  world.onGet = () => ({ status: 401, body: { code: 401121, message: "no valid token" } });
  assert.equal(await codeOf(client.createLogQuery().next()), 401121);
  world.onGet = () => ({ status: 502, body: undefined });
  assert.equal(await codeOf(client.createLogQuery().next()), 1800207);
  world.onGet = () => ({ status: 200, body: { calls: "none" } });
  assert.equal(await codeOf(client.createLogQuery().next()), 1800208);
  world.onGet = () => Promise.reject(new TypeError("network"));
  assert.equal(await codeOf(client.createLogQuery().next()), 1800200);
});

test("a query that failed goes on where it was, also through a proxy", async () => {
  const { world, client } = await signedIn();
  holds(world, 11);
  const query = new Proxy(client.createLogQuery({ limit: 10 }), {});
  await query.next();
  const { onGet } = world;
  world.onGet = () => ({ status: 500, body: { code: 500999, message: "failed" } });
  assert.equal(await codeOf(query.next()), 500999);
  assert.deepEqual([query.isLoading, query.hasNext], [false, true]);
  world.onGet = onGet;
  assert.deepEqual((await query.next()).map(({ callId }) => callId), ["call-10"]);
  JSON.stringify(query);
});

const refusal = (run: () => void): number | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { code?: number }).code;
  }
};

test("the data of a webhook or push connects the device, which the server then rings", async () => {
  const world = World.install();
  world.snapshot = [view()];
  const client = fresh();
  const rung = rings(client);
  client.init("A", HOST);
  const command = { payload: { call_id: "call-1" } };
  const data = { category: "direct_call:dial", sendbird_call: { command } };
  void client.authenticate({ userId: "ben" }, () => undefined);
  client.handleWebhookData(data);
  await settle();
  assert.deepEqual(rung.map(({ callId }) => callId), ["call-1"]);
  client.handleWebhookData(JSON.stringify(data));
  client.handleWebhookData({ sendbird_call: JSON.stringify({ call_id: "call-1" }) });
  client.handleWebhookData({ data: { payload: { callId: "call-1" } } });
  client.handleWebhookData({ direct_call: { call_id: "over" } });
  await settle();
  // A call that is over is not in what the server tells, so nothing rings for it.
  assert.deepEqual([rung.length, world.sockets.length], [1, 1]);
  // A connection that only seems open is asked for a sign of life.
  assert.equal(world.socket.sent.some(({ type }) => type === "ping"), true);
});

test("bad data of a webhook, and nobody to ring", async () => {
  const { client } = await signedIn("ben");
  const code = (data: unknown) => refusal(() => client.handleWebhookData(data));
  assert.equal(code(undefined), 1800301);
  assert.equal(code(7), 1800301);
  assert.equal(code([]), 1800301);
  assert.equal(code("no json"), 1800301);
  assert.equal(code('"text"'), 1800301);
  assert.equal(code({ call_id: 7 }), 1800301);
  assert.equal(code({ call_id: "" }), 1800300);
  assert.equal(code({ call_id: "x".repeat(65) }), 1800300);
  assert.equal(code({}), 1800300);
  assert.equal(code({ sendbird_call: { payload: {} } }), 1800300);
  const cycle: { payload?: object } = {};
  cycle.payload = cycle;
  assert.equal(code(cycle), 1800300);
  client.deauthenticate();
  assert.equal(code({ call_id: "call-1" }), 1800303);
  assert.equal(refusal(() => fresh().handleWebhookData({ call_id: "call-1" })), 1800302);
});
