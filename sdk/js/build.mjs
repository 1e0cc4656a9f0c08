/** Builds dist/: one bundle a module system, the script-tag file and the declarations. */

import { copyFile, mkdir } from "node:fs/promises";
import { build } from "esbuild";

const base = { bundle: true, target: "es2020", legalComments: "none", logLevel: "warning" };
const noModuleUrl = { "import.meta.url": "undefined" };

await mkdir("dist", { recursive: true });
await Promise.all([
  build({
    ...base,
    entryPoints: ["src/script.ts"],
    outfile: "dist/SendBirdCall.min.js",
    format: "iife",
    minify: true,
    sourcemap: true,
    define: noModuleUrl,
  }),
  build({
    ...base,
    entryPoints: ["src/index.ts"],
    outfile: "dist/curlew.mjs",
    format: "esm",
    sourcemap: true,
  }),
  build({
    ...base,
    entryPoints: ["src/index.ts"],
    outfile: "dist/curlew.cjs",
    format: "cjs",
    sourcemap: true,
    define: noModuleUrl,
  }),
  copyFile("types/curlew.d.ts", "dist/curlew.d.ts"),
]);
