/** Custom items: refused before they are sent, changed for any call, told by comparing views. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DirectCall } from "../src/browser/direct-call/direct-call.js";
import type { CustomItems } from "../src/core/custom-items.js";
import type { CallView, Verb } from "../src/wire/protocol.js";
import { outgoing, settle, type World } from "./fake-browser.js";
import { codeOf, dial, follow, fresh, rings, signedIn } from "./phone.js";
import { ended, view } from "./views.js";

/** A server that keeps the items of one call. */
function keeps(world: World, call: CallView): void {
  let now = call;
  world.onRequest = (body: Verb) => {
    if (body.verb === "update_items") {
      now = { ...now, customItems: { ...now.customItems, ...body.items } };
    } else if (body.verb === "delete_items") {
      const gone = new Set(body.keys ?? Object.keys(now.customItems));
      const left = Object.entries(now.customItems).filter(([key]) => !gone.has(key));
      now = { ...now, customItems: Object.fromEntries(left) };
    } else {
      return {};
    }
    now = { ...now, version: now.version + 1 };
    return { call: now };
  };
}

const many = (count: number): CustomItems =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, "v"]));

test("set, remove and remove all, on a call that rings here", async () => {
  const { world, client } = await signedIn("ben");
  const call = view({ customItems: { a: "1", b: "2" } });
  world.socket.tell(call);
  keeps(world, call);
  const mine = client.getCall("call-1") as DirectCall;
  const told = follow(mine);
  const heard: unknown[] = [];
  const set = await mine.updateCustomItems({ b: "3", c: "4" }, (...given) => heard.push(given));
  const customItems = { a: "1", b: "3", c: "4" };
  assert.deepEqual(set, { customItems, affectedKeys: ["b", "c"], updatedItems: customItems });
  assert.deepEqual(heard, [[set, null]]);
  assert.deepEqual(mine.customItems, customItems);
  const removed = await mine.deleteCustomItems(["a", "none"]);
  assert.deepEqual([removed.affectedKeys, removed.customItems], [["a"], { b: "3", c: "4" }]);
  const all = await mine.deleteAllCustomItems();
  assert.deepEqual([all.affectedKeys, all.customItems], [["b", "c"], {}]);
  assert.deepEqual(told, ["Updated b,c", "Deleted a", "Deleted b,c"]);
});

test("the other side's changes are told here, on an ended call too", async () => {
  const { world, client } = await signedIn("ben");
  world.socket.tell(view());
  const call = client.getCall("call-1") as DirectCall;
  const told = follow(call);
  world.socket.tell(ended(2, "canceled", { customItems: { a: "1" } }));
  world.socket.tell(ended(3, "canceled", { customItems: { b: "2" } }));
  assert.deepEqual(told, ["Updated a", "Ended", "Updated b", "Deleted a"]);
  keeps(world, ended(3, "canceled", { customItems: { b: "2" } }));
  await call.updateCustomItems({ b: "3" });
  assert.deepEqual(told.slice(4), ["Updated b"]);
  assert.deepEqual([call.customItems, call.callLog?.customItems], [{ b: "3" }, { b: "3" }]);
});

test("any call the user took part in, without an object of it arising here", async () => {
  const { world, client } = await signedIn("ben");
  const rung = rings(client);
  const old = view({ callId: "old", customItems: { a: "1", b: "2" } });
  keeps(world, old);
  const set = await client.updateCustomItems("old", { c: "3" });
  assert.deepEqual(set.affectedKeys, ["c"]);
  const removed = await client.deleteCustomItems("old", ["a", "x"]);
  assert.deepEqual([removed.affectedKeys, removed.customItems], [["a"], { b: "2", c: "3" }]);
  const all = await client.deleteAllCustomItems("old");
  assert.deepEqual([all.affectedKeys, all.customItems], [["b", "c"], {}]);
  assert.deepEqual([rung.length, client.getCall("old")], [0, null]);
  assert.equal(client.getOngoingCalls().length, 0);
});

test("what is over the limits is refused here, and nothing is sent", async () => {
  const { world, client } = await signedIn("ben");
  world.socket.tell(view({ customItems: many(9) }));
  await settle();
  const call = client.getCall("call-1") as DirectCall;
  const update = (items: unknown) => codeOf(call.updateCustomItems(items as CustomItems));
  const remove = (keys: unknown) => codeOf(call.deleteCustomItems(keys as string[]));
  const long = "\u{1F600}".repeat(129);
  assert.equal(await update({ a: 7 }), 1800301);
  assert.equal(await update("a"), 1800301);
  assert.equal(await update(["a"]), 1800301);
  assert.equal(await update(null), 1800301);
  assert.equal(await update({}), 1800300);
  assert.equal(await update({ a: long }), 1800300);
  assert.equal(await update({ [long]: "a" }), 1800300);
  assert.equal(await update({ "a,b": "c" }), 1800300);
  assert.equal(await update(many(11)), 1800300);
  assert.equal(await update({ x: "1", y: "2" }), 1800300, "ten in all");
  assert.equal(await remove("a"), 1800301);
  assert.equal(await remove([1]), 1800301);
  assert.equal(await remove([]), 1800300, "an empty list is not all");
  assert.equal(await codeOf(client.updateCustomItems("", { a: "1" })), 1800300);
  assert.deepEqual(world.socket.verbs(), []);
});

test("at the limit it is sent; what the server says of it is passed on", async () => {
  const { world, client } = await signedIn("ben");
  world.socket.tell(view({ customItems: many(9) }));
  await settle();
  const call = client.getCall("call-1") as DirectCall;
  keeps(world, view({ customItems: many(9) }));
  await call.updateCustomItems({ k0: "x", ["k".repeat(128)]: "\u{1F600}".repeat(128) });
  assert.equal(Object.keys(call.customItems).length, 10);
  const error = { code: 1400102, message: "no such call" };
  world.onRequest = () => ({ error });
  const heard: unknown[] = [];
  const refused = client.updateCustomItems("nobody's", { a: "1" }, (result, cause) => {
    heard.push(result, (cause as { code?: number } | null)?.code);
  });
  assert.equal(await codeOf(refused), 1400102);
  assert.deepEqual(heard, [null, 1400102]);
  world.onRequest = () => ({});
  assert.equal(await codeOf(client.updateCustomItems("call-1", { k0: "y" })), 1800205);
});

test("dial takes items along, and refuses bad ones before any camera opens", async () => {
  const { world, client } = await signedIn();
  const bad = dial(client, "ben", { customItems: { a: 1 } });
  const much = dial(client, "ben", { customItems: many(11) });
  await settle();
  assert.deepEqual([bad.told[0]?.code, much.told[0]?.code], [1800301, 1800300]);
  assert.deepEqual([world.captures, world.socket.verbs()], [0, []]);
  world.onRequest = ({ verb }) => (verb === "dial" ? { call: outgoing() } : {});
  dial(client, "ben", { customItems: many(10) });
  await settle();
  const [sent] = world.socket.asked();
  assert.deepEqual(sent?.verb === "dial" && sent.customItems, many(10));
});

test("before init, before authenticate, before the dial is answered", async () => {
  const { client } = await signedIn();
  const { call } = dial(client);
  assert.equal(await codeOf(call.updateCustomItems({ a: "1" })), 1800300);
  const other = fresh();
  assert.equal(await codeOf(other.updateCustomItems("call-1", { a: "1" })), 1800302);
  other.init("A", "localhost:1");
  assert.equal(await codeOf(other.deleteAllCustomItems("call-1")), 1800303);
});
