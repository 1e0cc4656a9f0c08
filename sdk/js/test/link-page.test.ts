/** The life of the page: which of its events wake the link, and which end the calls. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { watchPage } from "../src/browser/client/page-life.js";
import { browserPorts } from "../src/browser/link/ports.js";

const REAL = ["document", "navigator", "addEventListener", "removeEventListener"].map(
  (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
);

afterEach(() => {
  for (const [name, descriptor] of REAL) {
    if (descriptor) Object.defineProperty(globalThis, name, descriptor);
    else Reflect.deleteProperty(globalThis, name);
  }
});

class Page extends EventTarget {
  visibilityState = "visible";
}

/** Puts a page in place. */
function page(type?: string) {
  const [window, document] = [new EventTarget(), new Page()];
  const connection = Object.assign(new EventTarget(), { type });
  const put = (name: string, value: unknown): void => {
    Object.defineProperty(globalThis, name, { configurable: true, value });
  };
  put("document", document);
  put("navigator", { connection });
  put("addEventListener", window.addEventListener.bind(window));
  put("removeEventListener", window.removeEventListener.bind(window));
  return { window, document, connection };
}

test("what brings a page or a network back wakes the link, also one that is hidden", () => {
  const { window, document, connection } = page();
  let wakes = 0;
  const cancel = browserPorts.onWake(() => void wakes++);
  const signs: [EventTarget, string][] = [
    [window, "online"], [window, "pageshow"], [document, "visibilitychange"],
    [document, "resume"], [connection, "change"],
  ];
  for (const [target, name] of signs) target.dispatchEvent(new Event(name));
  assert.equal(wakes, 5);
  document.visibilityState = "hidden";
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(wakes, 5, "a page that is put away is not woken by that");
  window.dispatchEvent(new Event("online"));
  assert.equal(wakes, 6, "but it is when the network returns");
  cancel();
  for (const [target, name] of signs) target.dispatchEvent(new Event(name));
  assert.equal(wakes, 6);
});

test("a page that is thrown away is gone, one that is kept is not (F40, F41)", () => {
  const { window } = page();
  const told: string[] = [];
  watchPage({ gone: () => told.push("gone"), networkChanged: () => told.push("network") });
  const hide = (persisted: boolean): Event => Object.assign(new Event("pagehide"), { persisted });
  window.dispatchEvent(hide(true));
  assert.deepEqual(told, []);
  window.dispatchEvent(new Event("online"));
  window.dispatchEvent(hide(false));
  assert.deepEqual(told, ["network", "gone"]);
});

test("a new guess of the bandwidth is no other network", () => {
  for (const [types, expected] of [
    [["wifi", "wifi", "cellular", "cellular", "wifi"], 2],
    [[undefined, undefined, undefined], 2],
  ] as const) {
    const { connection } = page(types[0]);
    let changes = 0;
    watchPage({ gone: () => undefined, networkChanged: () => void changes++ });
    for (const type of types.slice(1)) {
      Object.assign(connection, { type }).dispatchEvent(new Event("change"));
    }
    assert.equal(changes, expected, String(types));
  }
});

test("without a browser nothing is listened to, and nothing breaks", () => {
  const put = { configurable: true, value: undefined };
  for (const [name] of REAL) Object.defineProperty(globalThis, name, put);
  watchPage({ gone: assert.fail, networkChanged: assert.fail });
  browserPorts.onWake(assert.fail)();
});
