/** Custom items of a call: what the documented limits allow, checked before anything is sent. */

import { invalidType, invalidValue } from "./errors.js";

/** Items by their keys. */
export interface CustomItems {
  [key: string]: string;
}

/** Items of one call, in all. */
export const MAX_ITEMS = 10;
/** Characters of a key, and of a value; the server counts Unicode scalar values too. */
export const MAX_ITEM_CHARS = 128;

/** The items that `dial` takes along; none if they are left out. */
export function readCustomItems(value: unknown): CustomItems {
  return value === undefined || value === null ? {} : readItems(value);
}

/** The items of an update, beside those that the call is known to have. */
export function readUpdate(value: unknown, known: CustomItems): CustomItems {
  const items = readItems(value);
  const count = Object.keys(items).length;
  if (count === 0) throw invalidValue("customItems must name at least one item.");
  assertCount(new Set([...Object.keys(known), ...Object.keys(items)]).size);
  return items;
}

/** The keys of a removal: an empty list is refused, lest it be taken for "all". */
export function readKeys(value: unknown): string[] {
  if (!Array.isArray(value) || value.some((key) => typeof key !== "string")) {
    throw invalidType("The keys of custom items must be an array of strings.");
  }
  const keys = [...new Set(value as string[])];
  if (keys.length === 0) throw invalidValue("At least one key of a custom item is needed.");
  assertCount(keys.length);
  for (const key of keys) assertLength(key);
  return keys;
}

function readItems(value: unknown): CustomItems {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidType("customItems must be an object whose values are strings.");
  }
  const entries = Object.entries(value as { [key: string]: unknown });
  assertCount(entries.length);
  for (const [key, item] of entries) {
    if (typeof item !== "string") {
      throw invalidType(`The custom item ${JSON.stringify(key)} must be a string.`);
    }
    assertLength(key);
    assertLength(item);
    if (key.includes(",")) throw invalidValue("The key of a custom item must not have a comma.");
  }
  return Object.fromEntries(entries) as CustomItems;
}

function assertCount(count: number): void {
  if (count > MAX_ITEMS) throw invalidValue(`A call has at most ${MAX_ITEMS} custom items.`);
}

function assertLength(text: string): void {
  if ([...text].length <= MAX_ITEM_CHARS) return;
  throw invalidValue(
    `A key or value of custom items has at most ${MAX_ITEM_CHARS} characters.`,
  );
}
