/** The built files: size, import in bare Node, and declarations that match the code. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const dist = join(process.cwd(), "dist");

function node(code: string): string {
  return execFileSync(process.execPath, ["--input-type=module", "-e", code], {
    cwd: dist,
    encoding: "utf8",
    timeout: 20_000,
  }).trim();
}

execFileSync(process.execPath, ["build.mjs"], { stdio: "inherit" });

test("the script is at most 25 kB compressed", () => {
  const size = gzipSync(readFileSync(join(dist, "SendBirdCall.min.js"))).length;
  assert.ok(size <= 25_000, `${size} bytes`);
});

test("bare Node imports the module, and it leaves no timer running (F61)", () => {
  const code = `import S, * as all from "./curlew.mjs";
    console.log(typeof S.init, typeof all.init, all.currentUser, S.appId, all.sdkVersion)`;
  assert.equal(node(code), "function function null null 0.1.0");
});

test("bare Node requires the module", () => {
  const code = `import { createRequire } from "node:module";
    const S = createRequire(process.cwd() + "/x.js")("./curlew.cjs");
    console.log(typeof S.default.init, typeof S.dial, S.RoomType.SMALL_ROOM_FOR_VIDEO)`;
  assert.equal(node(code), "function function small_room_for_video");
});

test("init in bare Node says what is missing", () => {
  const code = `import S from "./curlew.mjs";
    try { S.init("A", "localhost:1") } catch (e) { console.log(e.code, e.message) }`;
  assert.match(node(code), /^1800302 .*browser/);
});

test("the script's global is the default export itself", () => {
  const code = `import { readFileSync } from "node:fs";
    (0, eval)(readFileSync("SendBirdCall.min.js", "utf8"));
    console.log(typeof SendBirdCall.init, SendBirdCall.DirectCallEndResult.NO_ANSWER)`;
  assert.equal(node(code), "function no_answer");
});
