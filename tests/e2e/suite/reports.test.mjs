/** The table of field reports names tests that exist. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
/** Reports of capabilities that are not built. */
const LATER = ["F07", "F14", "F29", "F32", "F34"];
const WANTED = [...Array.from({ length: 42 }, (_, n) => n + 1), 49, 50]
  .map((number) => `F${String(number).padStart(2, "0")}`);

async function rows() {
  const text = await readFile(resolve(root, "tests/README.md"), "utf8");
  const lines = text.split("\n").filter((line) => /^\| F\d\d \|/.test(line));
  return lines.map((line) => {
    const [, id, , held] = line.split("|").map((cell) => cell.trim());
    return { id, held };
  });
}

/** The files of a cell, each with the names of tests that follow it. */
function citations(held) {
  return [...held.matchAll(/`([^`]+)`((?: ?"[^"]+",?)+)/g)].map(([, file, names]) => ({
    file, names: [...names.matchAll(/"([^"]+)"/g)].map(([, name]) => name),
  }));
}

test("every report has its row, and each test in it exists", async () => {
  const table = await rows();
  assert.deepEqual(table.map(({ id }) => id), WANTED);
  for (const { id, held } of table) {
    const cited = citations(held);
    assert.equal(cited.length === 0, LATER.includes(id), `${id}: ${held}`);
    for (const { file, names } of cited) {
      const text = await readFile(resolve(root, file), "utf8");
      for (const name of names) assert.ok(text.includes(name), `${id}: ${file} has no "${name}"`);
    }
  }
});
