/**
 * Random lives of a call through the reducer: a server that changes the call, a network that loses,
 * repeats and reorders, a data channel beside it, ends that this device concludes by itself. What
 * applications are told is held against what they could see.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  NO_CALLS,
  apply,
  applySettings,
  applySnapshot,
  endHere,
  resultOfEnding,
  type CallsState,
  type Step,
} from "../src/core/calls.js";
import type { Role } from "../src/core/enums.js";
import type { CallView, MediaSettings } from "../src/wire/protocol.js";
import { line, settings, view } from "./views.js";

const LIVES = 3_000;
const DEEDS = 40;

/** Numbers from a seed (mulberry32), so that a life can be lived again. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One side's switches, by events as an application would keep them. */
interface Told {
  audio: boolean;
  video: boolean;
  hold: boolean;
  revision: number;
}

class Life {
  private readonly random: () => number;
  private server: CallView;
  private readonly wire: CallView[] = [];
  private readonly channel: { side: Role; settings: MediaSettings }[] = [];
  private state: CallsState = NO_CALLS;
  private readonly events: string[] = [];
  private told: Told | undefined;
  private items: { [key: string]: string } | undefined;

  constructor(seed: number) {
    this.random = dice(seed);
    const myRole: Role = this.random() < 0.5 ? "dc_caller" : "dc_callee";
    this.server = view({ myRole });
    this.wire.push(this.server);
  }

  live(): void {
    for (let n = 0; n < DEEDS; n++) this.deed();
    this.settle();
  }

  private pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.random() * all.length)];
  }

  private deed(): void {
    const pick = this.random();
    if (pick < 0.35) return this.change();
    if (pick < 0.85) return this.deliver();
    if (pick < 0.93) return this.hear();
    if (pick < 0.95) return this.snapshot();
    if (pick < 0.97) return this.endAlone();
    // A message is lost for good; what comes after it makes up for it.
    this.wire.splice(Math.floor(this.random() * this.wire.length), 1);
  }

  /** The server commits something. */
  private change(): void {
    const { server } = this;
    const key = this.pick(["a", "b", "c"]) ?? "a";
    const customItems = { ...server.customItems };
    if (this.random() < 0.3) delete customItems[key];
    else customItems[key] = String(Math.floor(this.random() * 3));
    const next = { ...server, version: server.version + 1 };
    const pick = this.random();
    if (pick < 0.3 || server.state === "ended") {
      this.commit({ ...next, customItems });
    } else if (pick < 0.6) {
      const side = this.random() < 0.5 ? "callerSettings" : "calleeSettings";
      const changed = this.shuffled(server[side]);
      const mine = side === "callerSettings" ? "dc_caller" : "dc_callee";
      this.channel.push({ side: mine, ...changed });
      this.commit({ ...next, [side]: changed.settings });
    } else if (pick < 0.9) {
      this.commit({ ...next, state: server.state === "ringing" ? "established" : "connected" });
    } else {
      const ended = { result: resultOfEnding(server), at: 7, durationMs: 5 };
      this.commit({ ...next, state: "ended", ended });
    }
  }

  private shuffled(known: MediaSettings): { settings: MediaSettings } {
    const flip = (): boolean => this.random() < 0.5;
    const revision = known.revision + 1;
    const [audioEnabled, videoEnabled, onHold] = [flip(), flip(), flip()];
    return { settings: settings({ audioEnabled, videoEnabled, onHold, revision }) };
  }

  private commit(next: CallView): void {
    this.server = next;
    this.wire.push(next);
  }

  /** Any message comes, perhaps not for the last time. */
  private deliver(): void {
    const one = this.pick(this.wire);
    if (!one) return;
    if (this.random() < 0.7) this.wire.splice(this.wire.indexOf(one), 1);
    this.take(apply(this.state, one));
  }

  private hear(): void {
    const said = this.pick(this.channel);
    if (said) this.take(applySettings(this.state, "call-1", said.side, said.settings));
  }

  private snapshot(): void {
    const step = applySnapshot(this.state, [this.server], [], 9);
    const events = step.changes.flatMap((change) => change.events);
    this.take({ state: step.state, events });
  }

  private endAlone(): void {
    const known = this.state.calls.get("call-1");
    if (!known) return;
    const ended = { result: resultOfEnding(known), at: 3, durationMs: 2 };
    this.take(endHere(this.state, "call-1", ended));
  }

  /** Everything arrives at last, and the two agree. */
  private settle(): void {
    this.take(apply(this.state, this.server));
    const known = this.state.calls.get("call-1");
    assert.deepEqual(known?.customItems, this.server.customItems);
    if (this.server.state === "ended") assert.deepEqual(known?.ended, this.server.ended);
    if (known?.state === "ended") return;
    assert.equal(known?.state, this.server.state);
    assert.deepEqual(known?.callerSettings, this.server.callerSettings);
    assert.deepEqual(known?.calleeSettings, this.server.calleeSettings);
  }

  /** Takes a step in as an application does, and looks for anything told for nothing or twice. */
  private take(step: Step): void {
    this.state = step.state;
    const known = step.state.calls.get("call-1");
    if (!known) return;
    const isOver = this.events.includes("onEnded");
    for (const event of step.events) {
      const text = line(event);
      const [name] = text.split(" ");
      assert.ok(!isOver || name?.startsWith("onCustomItems"), `${text} after the end`);
      this.checkOrder(name ?? "");
      this.events.push(text);
    }
    this.checkItems(step, known);
    if (!isOver) this.checkSettings(step, known);
  }

  private checkOrder(name: string): void {
    const once = ["onRinging", "onEstablished", "onConnected", "onEnded"];
    if (!once.includes(name)) return;
    assert.ok(!this.events.includes(name), `${name} twice`);
    if (name === "onConnected") assert.ok(this.events.includes("onEstablished"));
    if (name === "onEstablished") assert.ok(!this.events.includes("onEnded"));
  }

  /** The keys told are exactly those that differ from what was seen last. */
  private checkItems({ events }: Step, known: CallView): void {
    const before = this.items;
    this.items = known.customItems;
    if (!before) return;
    const changed = new Set<string>();
    for (const key of new Set([...Object.keys(before), ...Object.keys(known.customItems)])) {
      if (before[key] !== known.customItems[key]) changed.add(key);
    }
    const told = events.flatMap((event) => ("keys" in event ? event.keys : []));
    assert.deepEqual([...told].sort(), [...changed].sort());
  }

  /** What is told of the other side is exactly what differs from what was told last. */
  private checkSettings({ events }: Step, known: CallView): void {
    const isCaller = known.myRole === "dc_caller";
    const theirs = isCaller ? known.calleeSettings : known.callerSettings;
    const { audioEnabled: audio, videoEnabled: video, onHold: hold, revision } = theirs;
    const now = { audio, video, hold, revision };
    const { told } = this;
    if (known.state === "ended") return;
    // The callee's settings count from the accept on, and what they are then is no change.
    this.told = isCaller && known.state === "ringing" ? undefined : now;
    const has = (text: string): boolean => events.some((event) => line(event).startsWith(text));
    if (!told) return assert.ok(!has("onRemote") && !has("onUserHoldStatusChanged remote"));
    assert.ok(theirs.revision >= told.revision, "what is older came back");
    assert.equal(has("onRemoteAudio"), told.audio !== now.audio, "audio");
    assert.equal(has("onRemoteVideo"), told.video !== now.video, "video");
    assert.equal(has("onUserHoldStatusChanged remote"), told.hold !== now.hold, "hold");
  }
}

test(`${LIVES} random lives: nothing twice, nothing for nothing, and the truth at last`, () => {
  for (let seed = 1; seed <= LIVES; seed++) {
    try {
      new Life(seed).live();
    } catch (cause) {
      throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
    }
  }
});
