/** Negotiation between two peers over a network that delays, repeats, reorders and loses. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Peer } from "../src/browser/media/peer.js";
import type { Signal } from "../src/wire/protocol.js";
import { FakePeer, FakeStream } from "./fake-peer.js";

const globals = globalThis as unknown as { [name: string]: unknown };
globals["RTCPeerConnection"] = FakePeer;
globals["MediaStream"] = FakeStream;

type Side = "caller" | "callee";
interface Packet {
  readonly to: Side;
  readonly signal: Signal;
}

const other = (side: Side): Side => (side === "caller" ? "callee" : "caller");
const turn = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A fixed sequence of numbers in [0, 1). */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Two peers and what is on its way between them. */
class Pair {
  readonly packets: Packet[] = [];
  readonly sent: Packet[] = [];
  readonly peers: { [side in Side]: Peer };
  /** While false, what is said goes nowhere. */
  isLinked = true;

  constructor(keepsCandidates = false) {
    const callee = this.make("callee", keepsCandidates);
    this.peers = { caller: this.make("caller", false), callee };
  }

  make(side: Side, keepsCandidates: boolean): Peer {
    const onSignal = (signal: Signal): void => {
      const packet = { to: other(side), signal: structuredClone(signal) };
      this.sent.push(packet);
      if (this.isLinked) this.packets.push(packet);
    };
    return new Peer({
      isCaller: side === "caller",
      isVideoCall: true,
      keepsCandidates,
      events: {
        onSignal,
        onSign: () => undefined,
        onAttempt: () => undefined,
        onOpen: () => undefined,
        onMessage: () => undefined,
      },
    });
  }

  /** The browser's connection under a peer, which may have been made anew. */
  pc(side: Side): FakePeer {
    return (this.peers[side] as unknown as { pc: FakePeer }).pc;
  }

  deliver(packet: Packet): void {
    this.peers[packet.to].handleSignal(packet.signal);
  }

  /** Delivers in order until nothing is left and nothing comes. */
  async calm(): Promise<void> {
    for (let idle = 0; idle < 30; ) {
      const next = this.packets.shift();
      if (next) this.deliver(next);
      idle = next ? 0 : idle + 1;
      await turn();
    }
  }

  joined(): boolean {
    return FakePeer.isJoined(this.pc("caller"), this.pc("callee"));
  }

  close(): void {
    for (const peer of Object.values(this.peers)) peer.close();
  }
}

async function joinedPair(): Promise<Pair> {
  const pair = new Pair();
  await pair.calm();
  assert.ok(pair.joined());
  return pair;
}

test("the caller offers, the callee answers, each tells its candidates", async () => {
  const pair = await joinedPair();
  const descriptions = pair.sent.flatMap(({ signal }) => signal.description?.type ?? []);
  assert.deepEqual(descriptions, ["offer", "answer"]);
  for (const side of ["caller", "callee"] as const) {
    assert.equal(pair.pc(side).candidates.length, 2);
    assert.deepEqual(pair.pc(side).getSenders().map(({ track }) => track), [null, null]);
    assert.deepEqual(pair.pc(side).getTransceivers().map(({ direction }) => direction),
      ["sendrecv", "sendrecv"]);
  }
  pair.close();
});

test("both cause a renegotiation at once, 20 times: it settles each time (F22)", async () => {
  const pair = await joinedPair();
  for (let n = 0; n < 20; n++) {
    const [one, two] = [pair.pc("caller"), pair.pc("callee")];
    const before = [one, two].map(({ currentLocal }) => currentLocal?.sdp);
    one.restartIce();
    two.restartIce();
    await pair.calm();
    assert.ok(pair.joined(), `round ${n}`);
    assert.deepEqual([one, two], [pair.pc("caller"), pair.pc("callee")], "the same connections");
    assert.ok([one, two].every(({ currentLocal }, at) => currentLocal?.sdp !== before[at]));
    assert.deepEqual([one.strays, two.strays], [0, 0]);
  }
  pair.close();
});

test("a whole state that comes again changes nothing and is not answered", async () => {
  const pair = await joinedPair();
  const before = pair.sent.length;
  for (const packet of pair.sent.slice()) {
    if (packet.signal.description) pair.deliver(packet);
  }
  await pair.calm();
  assert.equal(pair.sent.length, before);
  assert.ok(pair.joined());
  pair.close();
});

test("candidates that come before their description are used after it", async () => {
  const pair = new Pair();
  while (pair.packets.filter(({ to }) => to === "callee").length < 2) await turn(5);
  pair.packets.reverse();
  await pair.calm();
  assert.ok(pair.joined());
  assert.equal(pair.pc("callee").candidates.length, 2);
  pair.close();
});

test("what was lost in an outage is told after it, and nothing goes on for ever", async () => {
  for (const lost of [0, 1]) {
    const pair = new Pair();
    for (let n = 0; n < lost; n++) {
      while (pair.packets.length === 0) await turn();
      pair.deliver(pair.packets.shift() as Packet);
    }
    pair.isLinked = false;
    pair.packets.length = 0;
    await turn(30);
    pair.isLinked = true;
    pair.peers.caller.publish();
    pair.peers.callee.publish();
    await pair.calm();
    await turn(600);
    await pair.calm();
    assert.ok(pair.joined(), `lost from ${lost}`);
    assert.ok(pair.sent.length < 20, `${pair.sent.length} signals`);
    pair.close();
  }
});

test("kept candidates: none told, none used, until they are released", async () => {
  const pair = new Pair(true);
  await pair.calm();
  assert.ok(pair.joined());
  assert.equal(pair.pc("callee").candidates.length, 0);
  assert.equal(pair.pc("caller").candidates.length, 0);
  const fromCallee = pair.sent.filter(({ to }) => to === "caller");
  assert.ok(fromCallee.every(({ signal }) => signal.candidates.length === 0));
  assert.ok(fromCallee.every(({ signal }) => !signal.description?.sdp.includes("a=candidate")));
  pair.peers.callee.publish();
  await pair.calm();
  assert.equal(pair.pc("caller").candidates.length, 0);
  pair.peers.callee.release();
  await pair.calm();
  assert.equal(pair.pc("callee").candidates.length, 2);
  assert.equal(pair.pc("caller").candidates.length, 2);
  pair.close();
});

test("a callee that starts anew is met by a fresh connection of the caller", async () => {
  const pair = await joinedPair();
  const track = {} as MediaStreamTrack;
  pair.peers.caller.attach("audio", track);
  const old = pair.pc("caller");
  pair.peers.callee.close();
  pair.peers.callee = pair.make("callee", false);
  pair.peers.callee.publish();
  await pair.calm();
  assert.ok(pair.joined());
  assert.equal(old.signalingState, "closed");
  assert.equal(pair.pc("caller").getSenders()[0]?.track, track, "the track is sent again");
  pair.close();
});

test("a fresh connection of the caller is met by one of the callee", async () => {
  const pair = await joinedPair();
  const old = [pair.pc("caller"), pair.pc("callee")];
  pair.peers.caller.refresh();
  await pair.calm();
  assert.ok(pair.joined());
  assert.deepEqual(old.map(({ signalingState }) => signalingState), ["closed", "closed"]);
  assert.ok([pair.pc("caller"), pair.pc("callee")].every((one) => !old.includes(one)));
  pair.close();
});

test("a flood of questions is answered a few times a second", async () => {
  const pair = await joinedPair();
  const before = pair.sent.length;
  for (let n = 0; n < 500; n++) {
    pair.deliver({ to: "caller", signal: { revision: 2, candidates: [] } });
  }
  await turn(600);
  const answers = pair.sent.length - before;
  assert.ok(answers >= 1 && answers <= 4, `${answers} answers`);
  pair.close();
});

test("a flood of other sessions makes few connections, and the true one is found", async () => {
  const pair = await joinedPair();
  const before = FakePeer.all.length;
  const answer = pair.sent.find(({ signal }) => signal.description?.type === "answer");
  assert.ok(answer?.signal.description);
  for (let n = 0; n < 200; n++) {
    const sdp = answer.signal.description.sdp.replace(/^o=- \d+/m, `o=- 9${n}`);
    const description = { type: "offer", sdp } as const;
    const signal = { revision: 10 + n, description, candidates: [] };
    pair.deliver({ to: n % 2 ? "caller" : "callee", signal });
  }
  await turn(300);
  assert.ok(FakePeer.all.length - before <= 4, `${FakePeer.all.length - before} connections`);
  await turn(1_000);
  for (const side of ["caller", "callee"] as const) pair.peers[side].restart();
  await pair.calm();
  await turn(1_100);
  for (const side of ["caller", "callee"] as const) pair.peers[side].restart();
  await pair.calm();
  assert.ok(pair.joined());
  pair.close();
});

/** A random life: renegotiations, outages, fresh connections, and packets in any order. */
async function live(seed: number): Promise<void> {
  const roll = dice(seed);
  const pair = new Pair();
  const sides = ["caller", "callee"] as const;
  for (let step = 0; step < 120; step++) {
    const side = sides[Math.floor(roll() * 2)] ?? "caller";
    const deed = roll();
    if (deed < 0.05) pair.pc(side).restartIce();
    else if (deed < 0.07) pair.peers[side].restart();
    else if (deed < 0.08) pair.peers.caller.refresh();
    else if (deed < 0.1) pair.isLinked = !pair.isLinked;
    else if (deed < 0.12) pair.peers[side].publish();
    else if (pair.packets.length > 0) {
      const at = roll() < 0.7 ? 0 : Math.floor(roll() * pair.packets.length);
      const [packet] = pair.packets.splice(at, 1);
      if (packet && roll() > 0.1) pair.deliver(packet);
      if (packet && roll() < 0.15) pair.packets.push(packet);
    }
    await turn();
  }
  // Both come back from the outage, as their links tell them.
  pair.isLinked = true;
  await pair.calm();
  for (const side of sides) pair.peers[side].publish();
  await pair.calm();
  // Questions and fresh connections keep their distance; a path that is not there is looked for.
  for (let attempt = 0; attempt < 3 && !pair.joined(); attempt++) {
    await turn(1_100);
    pair.peers.caller.restart();
    await pair.calm();
  }
  const states = sides.map((side) => pair.pc(side).signalingState);
  assert.ok(pair.joined(), `seed ${seed}: ${states}`);
  pair.close();
}

test("random lives all settle", async () => {
  const given = process.env["PEER_SEED"];
  const seeds = given ? [Number(given)] : Array.from({ length: 300 }, (_, at) => at + 1);
  await Promise.all(seeds.map(live));
  assert.ok(FakePeer.all.length > seeds.length * 2, "connections were made anew");
  assert.ok(FakePeer.all.every(({ signalingState }) => signalingState === "closed"));
  assert.ok(FakePeer.all.every(({ strays }) => strays === 0), "no candidate of other credentials");
});
