/** Where the SDK looks for its server, in order. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { findServer } from "../src/browser/hosts.js";

const AROUND = {
  host: "global.example",
  meta: "meta.example",
  scriptOrigin: "https://script.example",
  pageOrigin: "https://page.example",
};

test("the first place that names a server wins", () => {
  const http = (appId: string, api?: string, around = {}) =>
    findServer(appId, api, undefined, { ...AROUND, ...around })?.http;
  assert.equal(http("A@in.example", "arg.example"), "https://arg.example");
  assert.equal(http("A@in.example:8443"), "https://in.example:8443");
  assert.equal(http("A"), "https://global.example");
  assert.equal(http("A", undefined, { host: undefined }), "https://meta.example");
  const noMeta = { host: undefined, meta: undefined };
  assert.equal(http("A", undefined, noMeta), "https://script.example");
  const noScript = { ...noMeta, scriptOrigin: undefined };
  assert.equal(http("A", undefined, noScript), "https://page.example");
  assert.equal(findServer("A", undefined, undefined, {}), undefined);
});

test("the app id is taken without its host", () => {
  assert.equal(findServer("A@localhost:8000", undefined, undefined, {})?.appId, "A");
});

test("hosts come with or without a scheme", () => {
  const find = (api: string, socket?: string, pageOrigin?: string) =>
    findServer("A", api, socket, { pageOrigin });
  assert.equal(find("localhost:8000")?.http, "http://localhost:8000");
  assert.equal(find("localhost:8000")?.socket, "ws://localhost:8000/v1/socket");
  assert.equal(find("http://box.lan/")?.socket, "ws://box.lan/v1/socket");
  assert.equal(find("box.lan", undefined, "http://box.lan")?.http, "http://box.lan");
  assert.equal(find("box.lan", undefined, "https://box.lan")?.socket, "wss://box.lan/v1/socket");
  assert.equal(find("a.example", "wss://ws.example")?.socket, "wss://ws.example/v1/socket");
  assert.equal(find("a.example", "ws.example/v1/socket")?.socket, "wss://ws.example/v1/socket");
});
