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

export function init(appId: string, apiHost?: string, websocketHost?: string): void {
  client.init(appId, apiHost, websocketHost);
}

export function authenticate(option: AuthOption, callback?: Callback<User>): Promise<User> {
  return client.authenticate(option, callback);
}

export function connectWebSocket(): Promise<void> {
  return client.connectWebSocket();
}

export function deauthenticate(): void {
  client.deauthenticate();
}

export function setLoggerLevel(level: Level): void {
  setLevel(level);
}

export function addListener(id: string | number, listener: SendBirdCallListener): void {
  client.listeners.add(id, listener);
}

export function removeListener(id: string | number): void {
  client.listeners.remove(id);
}

export function removeAllListeners(): void {
  client.listeners.clear();
}

export function dial(params: DialParams, callback?: DialCallback): DirectCall {
  return client.dial(params, callback);
}

export function getCall(callId: string): DirectCall | null {
  return client.getCall(callId);
}

export function getOngoingCalls(): DirectCall[] {
  return client.getOngoingCalls();
}

export function getOngoingCallCount(): number {
  return client.getOngoingCalls().length;
}

export function setRingingTimeout(seconds: number): void {
  client.setRingingTimeout(seconds);
}

export function setCallConnectionTimeout(seconds: number): void {
  client.setCallConnectionTimeout(seconds);
}

export function updateCustomItems(
  callId: string,
  customItems: { [key: string]: string },
  callback?: Callback<CustomItemsResult>,
): Promise<CustomItemsResult> {
  return client.updateCustomItems(callId, customItems, callback);
}

export function deleteCustomItems(
  callId: string,
  keys: string[],
  callback?: Callback<CustomItemsResult>,
): Promise<CustomItemsResult> {
  return client.deleteCustomItems(callId, keys, callback);
}

export function deleteAllCustomItems(
  callId: string,
  callback?: Callback<CustomItemsResult>,
): Promise<CustomItemsResult> {
  return client.deleteAllCustomItems(callId, callback);
}

export function createDirectCallLogListQuery(
  params?: DirectCallLogListQueryParams | null,
): DirectCallLogListQuery {
  return client.createLogQuery(params);
}

export function handleWebhookData(data: unknown): void {
  client.handleWebhookData(data);
}
