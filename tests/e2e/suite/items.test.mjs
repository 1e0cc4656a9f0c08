/** Custom items: from either side, any device, ended calls too; within the documented limits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, askSdk, watchMore } from "../harness/more.mjs";
import { connect, ring, stage } from "../harness/stage.mjs";

const here = stage();

const many = (count) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, "v"]));

/** Dials with more parameters than the harness takes. */
function dialWith(device, params) {
  return device.page.evaluate((params) => {
    const call = SendBirdCall.dial({ isVideoCall: false, callOption: e2e.views(), ...params },
      (given, error) => e2e.note("dialled", given, { code: error?.code ?? null }));
    e2e.follow(call, "out");
  }, params);
}

test("items of the dial are there when it rings; each side's changes reach every device",
  async () => {
    const [ann, one, two] = await Promise.all([
      here.signedIn("ann"), here.signedIn("ben"), here.signedIn("ben"),
    ]);
    await dialWith(ann, { userId: "ben", customItems: { ticket: "4711", note: "a" } });
    await Promise.all([one.saw("ringing"), two.saw("ringing"), ann.saw("dialled")]);
    const items = (device, side) => device.page.evaluate((side) => e2e[side].customItems, side);
    assert.deepEqual(await items(one, "in"), { ticket: "4711", note: "a" });
    await Promise.all([watchMore(ann, "out"), watchMore(one, "in"), watchMore(two, "in")]);

    const { result } = await ask(one, "in", "updateCustomItems", { note: "b", more: "c" });
    assert.deepEqual(result.affectedKeys.sort(), ["more", "note"]);
    assert.deepEqual(result.customItems, { ticket: "4711", note: "b", more: "c" });
    for (const [device, side] of [[ann, "out"], [one, "in"], [two, "in"]]) {
      const told = await device.saw(`${side}.ItemsUpdated`);
      assert.deepEqual(told.keys.sort(), ["more", "note"]);
      assert.deepEqual(told.items, result.customItems);
    }

    await one.accept();
    await Promise.all([ann.saw("out.Connected"), two.saw("in.Ended")]);
    const gone = await ask(ann, "out", "deleteCustomItems", ["ticket", "none"]);
    assert.deepEqual(gone.result.affectedKeys, ["ticket"]);
    for (const [device, side] of [[ann, "out"], [one, "in"], [two, "in"]]) {
      assert.deepEqual((await device.saw(`${side}.ItemsDeleted`)).keys, ["ticket"]);
    }
    await ann.call("out", "end");
    await one.saw("in.Ended");
    assert.equal(await two.count("in.Ended"), 1);
    const { customItems } = await one.page.evaluate(() => e2e.in.callLog);
    assert.deepEqual(customItems, { note: "b", more: "c" });
  });

test("an ended call's items change for all who hold it, from a device that never saw it",
  async () => {
    const [ann, ben] = await Promise.all([here.signedIn("ann"), here.signedIn("ben")]);
    const callId = await connect(ann, ben, "ben");
    await ben.call("in", "end");
    await ann.saw("out.Ended");
    await Promise.all([watchMore(ann, "out"), watchMore(ben, "in")]);
    const late = await here.signedIn("ben");
    const set = await askSdk(late, "updateCustomItems", callId, { rating: "5", note: "fine" });
    assert.deepEqual(set.result.customItems, { rating: "5", note: "fine" });
    const told = await Promise.all([ann.saw("out.ItemsUpdated"), ben.saw("in.ItemsUpdated")]);
    for (const { keys } of told) assert.deepEqual(keys.sort(), ["note", "rating"]);
    const gone = await askSdk(late, "deleteCustomItems", callId, ["note", "none"]);
    assert.deepEqual(gone.result.affectedKeys, ["note"]);
    const all = await askSdk(late, "deleteAllCustomItems", callId);
    assert.deepEqual([all.result.affectedKeys, all.result.customItems], [["rating"], {}]);
    assert.deepEqual((await ann.saw("out.ItemsDeleted", { nth: 2 })).keys, ["rating"]);
    assert.deepEqual((await here.server.callRow(callId)).custom_items, {});
    assert.deepEqual([await ann.count("out.Ended"), await ben.count("in.Ended")], [1, 1]);
    assert.deepEqual([await late.count("ringing"), await late.ongoing()], [0, 0]);
    assert.equal(await late.page.evaluate((id) => SendBirdCall.getCall(id), callId), null);
  });

test("over the limit nothing is stored, whoever asks, and the socket stays up (F67)", async () => {
  const [ann, ben, cat] = await Promise.all([
    here.signedIn("ann"), here.signedIn("ben"), here.signedIn("cat"),
  ]);
  for (const [customItems, code] of [
    [many(11), 1800300], [{ a: "x".repeat(129) }, 1800300], [{ "a,b": "c" }, 1800300],
    [{ a: 7 }, 1800301],
  ]) {
    const nth = (await ann.count("dialled")) + 1;
    await dialWith(ann, { userId: "ben", customItems });
    assert.equal((await ann.saw("dialled", { nth })).code, code);
  }
  assert.equal(await ben.count("ringing"), 0);
  assert.equal((await here.server.callRows()).some(({ custom_items }) => custom_items.k10), false);

  const callId = await ring(ann, ben, "ben");
  const limit = { ...many(9), ["k".repeat(128)]: "\u{1F600}".repeat(128) };
  assert.equal((await ask(ben, "in", "updateCustomItems", limit)).code, undefined);
  assert.equal((await ask(ben, "in", "updateCustomItems", { eleventh: "x" })).code, 1800300);
  // A device that does not know the call's items leaves the judgement to the server.
  const late = await here.signedIn("ann");
  const refused = await askSdk(late, "updateCustomItems", callId, { eleventh: "x" });
  assert.equal(refused.code, 400100);
  assert.notEqual(refused.message, "");
  const stranger = await askSdk(cat, "updateCustomItems", callId, { a: "1" });
  assert.equal(stranger.code, 1400102);
  assert.deepEqual((await here.server.callRow(callId)).custom_items, limit);
  await ann.call("out", "end");
  await ben.saw("in.Ended");
});
