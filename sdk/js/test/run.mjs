/** Bundles the tests and gives them to Node's own runner, whose summary ends the output. */

import { spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "node_modules", ".cache", "curlew-test");
const names = (await readdir(join(root, "test"))).filter((name) => name.endsWith(".test.ts"));

await rm(out, { recursive: true, force: true });
await build({
  entryPoints: names.map((name) => join(root, "test", name)),
  outdir: out,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  outExtension: { ".js": ".mjs" },
  logLevel: "warning",
});

const files = names.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
const child = spawn(process.execPath, ["--enable-source-maps", "--test", ...files], {
  cwd: root,
  stdio: "inherit",
});
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
