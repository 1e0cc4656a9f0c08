/** A client that is signed in to the pretended server, and what its calls tell. */

import { afterEach } from "node:test";
import { Client } from "../src/browser/client/client.js";
import type { DirectCall } from "../src/browser/direct-call/direct-call.js";
import { World } from "./fake-browser.js";
import { settings } from "./views.js";

/** Where the pretended server is. */
export const HOST = "localhost:1";

const clients: Client[] = [];

// Signed out, a client leaves no timer running; one left over would keep the runner waiting.
afterEach(() => {
  for (const client of clients.splice(0)) client.deauthenticate();
});

/** A client of its own. */
export function fresh(): Client {
  const client = new Client(undefined);
  clients.push(client);
  return client;
}

/** A client that is connected, with the world around it. */
export async function signedIn(userId = "ann"): Promise<{ world: World; client: Client }> {
  const world = World.install();
  const client = fresh();
  client.init("A", HOST);
  await client.authenticate({ userId });
  await client.connectWebSocket();
  return { world, client };
}

/** Dials, and notes what the callback was told and how often the call ended. */
export function dial(client: Client, userId: string | number = "ben", more = {}) {
  const told: { call: DirectCall; code: number | undefined }[] = [];
  const params = { userId, isVideoCall: true, ...more };
  const call = client.dial(params, (given, error) => {
    told.push({ call: given, code: (error as { code?: number } | null)?.code });
  });
  let ends = 0;
  call.onEnded = () => void ends++;
  return { call, told, ends: () => ends };
}

/** Notes every event of a call in one line each. */
export function follow(call: DirectCall, told: string[] = []): string[] {
  for (const name of [
    "onEstablished",
    "onConnected",
    "onReconnecting",
    "onReconnected",
    "onEnded",
    "onRemoteAudioSettingsChanged",
    "onRemoteVideoSettingsChanged",
    "onReachChanged",
  ] as const) {
    call[name] = () => void told.push(name.slice(2));
  }
  call.onUserHoldStatusChanged = (_, isLocal, isOn) => {
    told.push(`Hold ${isLocal ? "local" : "remote"} ${isOn ? "on" : "off"}`);
  };
  call.onCustomItemsUpdated = (_, keys) => void told.push(`Updated ${keys.join()}`);
  call.onCustomItemsDeleted = (_, keys) => void told.push(`Deleted ${keys.join()}`);
  return told;
}

/** Collects the calls that ring. */
export function rings(client: Client): DirectCall[] {
  const rung: DirectCall[] = [];
  client.listeners.add("rings", { onRinging: (call) => rung.push(call) });
  return rung;
}

/** What a promise fails with. */
export function codeOf(promise: Promise<unknown>): Promise<number | undefined> {
  return promise.then(
    () => undefined,
    (error: { code?: number }) => error.code,
  );
}

/** What a call says over its data channel, in the other side's name. */
export function hear(world: World, message: object): void {
  const peer = world.peers.filter((one) => one.connectionState !== "closed").at(-1);
  const { channel } = peer ?? { channel: undefined };
  channel?.onmessage?.({ data: JSON.stringify(message) });
}

/** Settings as the data channel carries them. */
export function said(changes: Parameters<typeof settings>[0]): object {
  return { settings: settings(changes) };
}
