/** Custom items of a call: asks the server to change them and says what became of them. */

import { readKeys, readUpdate, type CustomItems } from "../../core/custom-items.js";
import { CallError, ErrorCode, asCallError } from "../../core/errors.js";
import type { Verb } from "../../wire/protocol.js";
import { answer, type Callback } from "../callback.js";
import { readId } from "../client/params.js";
import { deferred } from "../quiet-promise.js";
import type { CallHost } from "./call-host.js";

/** What a change of custom items came to. */
export interface CustomItemsResult {
  /** All items after the change. */
  readonly customItems: CustomItems;
  /** The keys that were set or removed. */
  readonly affectedKeys: string[];
  /** `customItems` under the name of the sibling SDKs. */
  readonly updatedItems: CustomItems;
}

type Told = Callback<CustomItemsResult> | undefined;

/** Sets items; those not named stay. */
export function updateItems(
  host: CallHost,
  id: unknown,
  items: unknown,
  callback: Told,
): Promise<CustomItemsResult> {
  return told(callback, async () => {
    const callId = readId(id, "callId");
    const update = readUpdate(items, host.known(callId)?.customItems ?? {});
    const after = await ask(host, { verb: "update_items", callId, items: update });
    return result(after, Object.keys(update));
  });
}

/** Removes the items of these keys; keys that are not there change nothing. */
export function deleteItems(
  host: CallHost,
  id: unknown,
  keys: unknown,
  callback: Told,
): Promise<CustomItemsResult> {
  return told(callback, async () => {
    const callId = readId(id, "callId");
    const unwanted = readKeys(keys);
    const before = await itemsOf(host, callId);
    const after = await ask(host, { verb: "delete_items", callId, keys: unwanted });
    return result(after, goneFrom(before, after));
  });
}

/** Removes all items. */
export function deleteAllItems(
  host: CallHost,
  id: unknown,
  callback: Told,
): Promise<CustomItemsResult> {
  return told(callback, async () => {
    const callId = readId(id, "callId");
    const before = await itemsOf(host, callId);
    const after = await ask(host, { verb: "delete_items", callId });
    return result(after, goneFrom(before, after));
  });
}

function told(callback: Told, run: () => Promise<CustomItemsResult>): Promise<CustomItemsResult> {
  const done = deferred<CustomItemsResult>();
  run().then(done.resolve, (cause: unknown) => {
    done.reject(asCallError(cause, ErrorCode.ERR_REQUEST_FAILED));
  });
  return answer(done.promise, callback);
}

/** A call that this device has no object for is asked for: an update of nothing changes nothing. */
async function itemsOf(host: CallHost, callId: string): Promise<CustomItems> {
  const known = host.known(callId);
  return known ? known.customItems : ask(host, { verb: "update_items", callId, items: {} });
}

async function ask(host: CallHost, body: Verb): Promise<CustomItems> {
  const { call } = await host.ask(body);
  if (!call) throw new CallError(ErrorCode.ERR_WRONG_RESPONSE, "The answer has no call.");
  host.take(call);
  return call.customItems;
}

function result(after: CustomItems, affectedKeys: string[]): CustomItemsResult {
  return { customItems: { ...after }, affectedKeys, updatedItems: { ...after } };
}

function goneFrom(before: CustomItems, after: CustomItems): string[] {
  const left = new Set(Object.keys(after));
  return Object.keys(before).filter((key) => !left.has(key));
}
