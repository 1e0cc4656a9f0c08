/** The data channel's codec and pace, and what is taken out of session descriptions. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MAX_MESSAGES_A_SECOND,
  MAX_MESSAGE_CHARS,
  Pace,
  decode,
  encode,
} from "../src/core/peer-message.js";
import { hasFragment, sessionOf, withoutCandidates } from "../src/core/sdp.js";

const SETTINGS = { audioEnabled: true, videoEnabled: false, onHold: true, revision: 7 };

test("what is said is what is read", () => {
  for (const message of [{ kind: "settings", settings: SETTINGS }, { kind: "end" }] as const) {
    assert.deepEqual(decode(encode(message)), message);
  }
});

test("fields that are not known are ignored", () => {
  const text = JSON.stringify({ settings: { ...SETTINGS, screen: true }, later: [1] });
  assert.deepEqual(decode(text), { kind: "settings", settings: SETTINGS });
});

test("whatever else comes says nothing", () => {
  const wrong: unknown[] = [
    undefined, null, 1, new ArrayBuffer(4), "", "{", "null", "[]", "1", "{}", '"end"',
    '{"end":false}', '{"end":1}', '{"end":"true"}', '{"settings":null}', '{"settings":[]}',
    '{"settings":true}',
  ];
  for (const key of Object.keys(SETTINGS)) {
    for (const value of [undefined, null, "true", [], {}]) {
      wrong.push(JSON.stringify({ settings: { ...SETTINGS, [key]: value } }));
    }
  }
  for (const revision of [-1, 0.5, 2 ** 32, 1e300]) {
    wrong.push(JSON.stringify({ settings: { ...SETTINGS, revision } }));
  }
  for (const data of wrong) assert.equal(decode(data), undefined, String(data));
});

test("a message is read up to its limit", () => {
  const pad = (length: number): string => {
    const text = '{"end":true}';
    return text + " ".repeat(length - text.length);
  };
  assert.deepEqual(decode(pad(MAX_MESSAGE_CHARS)), { kind: "end" });
  assert.equal(decode(pad(MAX_MESSAGE_CHARS + 1)), undefined);
});

test("a flood is cut at its limit, and the next second is read again", () => {
  const pace = new Pace();
  const read = (now: number, count: number): number =>
    Array.from({ length: count }, () => pace.allows(now)).filter(Boolean).length;
  assert.equal(read(5_000, 300), MAX_MESSAGES_A_SECOND);
  assert.equal(read(5_999, 10), 0);
  assert.equal(read(6_000, 300), MAX_MESSAGES_A_SECOND);
});

const SDP = [
  "v=0", "o=- 4611 2 IN IP4 127.0.0.1", "s=-", "t=0 0",
  "m=audio 54321 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 192.0.2.7", "a=rtcp:54322 IN IP4 192.0.2.7",
  "a=candidate:1 1 udp 2113937151 192.0.2.7 54321 typ host", "a=end-of-candidates",
  "a=ice-ufrag:abcd", "a=ice-pwd:secret", "a=mid:0",
  "m=video 0 UDP/TLS/RTP/SAVPF 96", "c=IN IP6 2001:db8::7", "a=mid:1", "",
].join("\r\n");

test("a description is told without any address, and is otherwise the same", () => {
  const told = withoutCandidates(SDP);
  assert.doesNotMatch(told, /192\.0\.2|2001:db8|candidate|5432/);
  assert.match(told, /^m=audio 9 UDP\/TLS\/RTP\/SAVPF 111\r$/m);
  assert.match(told, /^m=video 0 /m, "a refused section stays refused");
  for (const kept of ["a=ice-ufrag:abcd", "a=ice-pwd:secret", "a=mid:1", "o=- 4611 2"]) {
    assert.ok(told.includes(kept), kept);
  }
  assert.equal(withoutCandidates(told), told);
});

test("the session and the fragments of a description", () => {
  assert.equal(sessionOf(SDP), "4611");
  assert.equal(sessionOf("nonsense"), "");
  assert.equal(hasFragment(SDP, "abcd"), true);
  assert.equal(hasFragment(SDP, "abc"), false);
  assert.equal(hasFragment(SDP, null), true);
});
