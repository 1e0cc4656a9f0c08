/** The scripts that the server's machine runs too: same views, same events. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { NO_CALLS, apply } from "../src/core/calls.js";
import type { CallView } from "../src/wire/protocol.js";
import { line } from "./views.js";

interface Device {
  views: CallView[];
  expect: string[][];
  endResult?: string;
}

interface Vector {
  name: string;
  devices: { [id: string]: Device };
}

const folder = join(process.cwd(), "..", "..", "tests", "vectors");
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));

test("there are vectors", () => {
  assert.notEqual(files.length, 0);
});

for (const file of files) {
  const vector = JSON.parse(readFileSync(join(folder, file), "utf8")) as Vector;
  for (const [id, device] of Object.entries(vector.devices)) {
    test(`${vector.name}: ${id}`, () => {
      let state = NO_CALLS;
      const events = device.views.map((view) => {
        const step = apply(state, view);
        state = step.state;
        return step.events.map(line);
      });
      assert.deepEqual(events, device.expect);
      const results = [...state.calls.values()].map((view) => view.ended?.result);
      if (device.endResult) assert.ok(results.includes(device.endResult), String(results));
    });
  }
}
