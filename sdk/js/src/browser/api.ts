/** The functions of the package around its one client; none relies on `this`. */

import type { Level } from "../core/enums.js";
import type { User } from "../core/user.js";
import type { Callback } from "./callback.js";
import { Client } from "./client/client.js";
import type { DialCallback } from "./client/dialing.js";
import type { SendBirdCallListener } from "./client/listeners.js";
import type { DirectCallLogListQueryParams } from "./client/log-params.js";
import type { DirectCallLogListQuery } from "./client/log-query.js";
import type { AuthOption, DialParams } from "./client/params.js";
import type { CustomItemsResult } from "./direct-call/custom-items.js";
import type { DirectCall } from "./direct-call/direct-call.js";
import { setLevel } from "./log.js";

/** The version of this SDK. */
export const sdkVersion = "0.1.0";

/** Where this script came from, if it is a classic script of a page; only known while it loads. */
const currentScript = globalThis.document?.currentScript as HTMLScriptElement | null | undefined;
const moduleUrl: string | undefined = import.meta.url;

/** The client. */
export const client = new Client(currentScript?.src ?? moduleUrl);

/** Points the SDK at an application; hosts may be left out. Throws 1800300, 1800301 or 1800302. */
export function init(appId: string, apiHost?: string, websocketHost?: string): void {
  client.init(appId, apiHost, websocketHost);
}

/** Signs a user in. Fails with the server's code, or with 1800200, 1800302. */
export function authenticate(option: AuthOption, callback?: Callback<User>): Promise<User> {
  return client.authenticate(option, callback);
}

/** Connects, so that calls ring here; stays connected from then on. */
export function connectWebSocket(): Promise<void> {
  return client.connectWebSocket();
}

/** Signs out: this device's calls end, and it is rung no more; listeners stay. */
export function deauthenticate(): void {
  client.deauthenticate();
}

/** How much is written to the console; `ERROR` unless set. */
export function setLoggerLevel(level: Level): void {
  setLevel(level);
}

/** Listens to what happens on this device; the same id again replaces the listener. */
export function addListener(id: string | number, listener: SendBirdCallListener): void {
  client.listeners.add(id, listener);
}

/** Listens no more; an unknown id is left alone. */
export function removeListener(id: string | number): void {
  client.listeners.remove(id);
}

/** Removes every listener. */
export function removeAllListeners(): void {
  client.listeners.clear();
}

/** Calls a user. Gives the call at once; the callback tells success or failure. */
export function dial(params: DialParams, callback?: DialCallback): DirectCall {
  return client.dial(params, callback);
}

/** The object of a call that this device knows; null for another. */
export function getCall(callId: string): DirectCall | null {
  return client.getCall(callId);
}

/** The calls that are not over, one that rings included. */
export function getOngoingCalls(): DirectCall[] {
  return client.getOngoingCalls();
}

/** How many there are. */
export function getOngoingCallCount(): number {
  return client.getOngoingCalls().length;
}

/** Seconds that a dial from here rings, 1 to 600; 60 unless set. */
export function setRingingTimeout(seconds: number): void {
  client.setRingingTimeout(seconds);
}

/** Seconds from the accept to media, 1 to 600; 60 unless set. */
export function setCallConnectionTimeout(seconds: number): void {
  client.setCallConnectionTimeout(seconds);
}

/** Sets custom items of any call that the user took part in, ended ones included. */
export function updateCustomItems(
  callId: string,
  customItems: { [key: string]: string },
  callback?: Callback<CustomItemsResult>,
): Promise<CustomItemsResult> {
  return client.updateCustomItems(callId, customItems, callback);
}

/** Removes custom items of such a call by their keys. */
export function deleteCustomItems(
  callId: string,
  keys: string[],
  callback?: Callback<CustomItemsResult>,
): Promise<CustomItemsResult> {
  return client.deleteCustomItems(callId, keys, callback);
}

/** Removes all custom items of such a call. */
export function deleteAllCustomItems(
  callId: string,
  callback?: Callback<CustomItemsResult>,
): Promise<CustomItemsResult> {
  return client.deleteAllCustomItems(callId, callback);
}

/** Makes a query of the signed-in user's calls that are over. */
export function createDirectCallLogListQuery(
  params?: DirectCallLogListQueryParams | null,
): DirectCallLogListQuery {
  return client.createLogQuery(params);
}

/** Takes the data of a webhook or push and lets the call ring here, if it still does. */
export function handleWebhookData(data: unknown): void {
  client.handleWebhookData(data);
}
