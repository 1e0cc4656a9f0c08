/** The `DirectCall` that applications hold. */

import { NO_REACH } from "../../core/call-events.js";
import type { EndResult, Role } from "../../core/enums.js";
import type { DirectCallUser } from "../../core/user.js";
import type { Callback } from "../callback.js";
import { sideOf, type CallLog } from "./call-log.js";
import type { Controller } from "./controller.js";
import {
  deleteAllItems,
  deleteItems,
  updateItems,
  type CustomItemsResult,
} from "./custom-items.js";
import { hold, unhold } from "./hold.js";

/** A handler of a call's events. */
export type CallHandler = ((call: DirectCall) => void) | null;

/** The options of one side's media. */
export interface DirectCallOption {
  localMediaView?: HTMLMediaElement | null;
  remoteMediaView?: HTMLMediaElement | null;
  audioEnabled?: boolean;
  videoEnabled?: boolean;
}

/** The parameters of `accept`. */
export interface AcceptParams {
  callOption?: DirectCallOption | null;
  /** Puts the other active calls of this device on hold. */
  holdActiveCall?: boolean;
}

/** How far a ring has reached. Beyond the documented surface: ours. */
export interface DirectCallReach {
  /** Devices that are connected and whose application was handed the ring. */
  readonly devices: number;
  /** Pushes that went out. */
  readonly pushes: number;
}

/**
 * A call. Applications wrap it in proxies (Vue's `ref`) and log it, so it has no `#private`
 * fields, and what drives it hangs on a function, which neither proxies nor JSON follow.
 */
export class DirectCall {
  onEstablished: CallHandler = null;
  onConnected: CallHandler = null;
  onReconnecting: CallHandler = null;
  onReconnected: CallHandler = null;
  onEnded: CallHandler = null;
  onRemoteAudioSettingsChanged: CallHandler = null;
  onRemoteVideoSettingsChanged: CallHandler = null;
  onCustomItemsUpdated: ((call: DirectCall, keys: string[]) => void) | null = null;
  onCustomItemsDeleted: ((call: DirectCall, keys: string[]) => void) | null = null;
  onRemoteRecordingStatusChanged: CallHandler = null;
  onUserHoldStatusChanged:
    | ((call: DirectCall, isLocalUser: boolean, isUserOnHold: boolean) => void)
    | null = null;
  onScreenShareStopped: (() => void) | null = null;
  /** Beyond the documented surface, ours: for the caller, while it rings. */
  onReachChanged: CallHandler = null;

  /** @internal */
  declare readonly _driver: () => Controller;

  /** @internal */
  constructor(driver: () => Controller) {
    Object.defineProperty(this, "_driver", { value: driver });
  }

  /** The call's id; empty until the server answered `dial`. */
  get callId(): string {
    return this._driver().view.callId;
  }

  /** The same under the name that official examples print. */
  get _callId(): string {
    return this.callId;
  }

  get caller(): DirectCallUser {
    return this._driver().caller;
  }

  /** The same under a name that applications read. */
  get _caller(): DirectCallUser {
    return this.caller;
  }

  get callee(): DirectCallUser {
    return this._driver().callee;
  }

  get localUser(): DirectCallUser {
    return this.myRole === "dc_caller" ? this.caller : this.callee;
  }

  get remoteUser(): DirectCallUser {
    return this.myRole === "dc_caller" ? this.callee : this.caller;
  }

  get myRole(): Role {
    return this._driver().view.myRole;
  }

  get isVideoCall(): boolean {
    return this._driver().view.isVideoCall;
  }

  get isLocalAudioEnabled(): boolean {
    return this._driver().media.settings.audioEnabled;
  }

  get isLocalVideoEnabled(): boolean {
    return this._driver().media.settings.videoEnabled;
  }

  get isRemoteAudioEnabled(): boolean {
    return this._driver().remoteSettings.audioEnabled;
  }

  get isRemoteVideoEnabled(): boolean {
    return this._driver().remoteSettings.videoEnabled;
  }

  get isLocalScreenShareEnabled(): boolean {
    return false;
  }

  get isOngoing(): boolean {
    return !this.isEnded;
  }

  get isEnded(): boolean {
    return this._driver().isOver;
  }

  /** Whether this user has put the call on hold; the other side's hold comes as an event. */
  get isOnHold(): boolean {
    return !this.isEnded && this._driver().media.settings.onHold;
  }

  /**
   * How far the ring has reached: for the caller while it rings, else nothing. Beyond the
   * documented surface: ours.
   */
  get reach(): DirectCallReach {
    const { state, reach } = this._driver().view;
    return state === "ringing" && reach ? { ...reach } : { ...NO_REACH };
  }

  /** The devices that really ring; the same as `reach.devices`, and ours too. */
  get ringingDevices(): number {
    return this.reach.devices;
  }

  get endedBy(): DirectCallUser | null {
    return sideOf(this._driver().view.ended?.by, this.caller, this.callee);
  }

  /** Null until the call has ended. */
  get endResult(): EndResult | null {
    return (this._driver().view.ended?.result as EndResult | undefined) ?? null;
  }

  /** Null until the call has ended. */
  get callLog(): CallLog | null {
    return this._driver().log(this);
  }

  get customItems(): { [key: string]: string } {
    return { ...this._driver().view.customItems };
  }

  get startedAt(): number {
    return this._driver().view.startedAt;
  }

  get localMediaView(): HTMLMediaElement | null {
    return this._driver().media.localView.current;
  }

  get remoteMediaView(): HTMLMediaElement | null {
    return this._driver().media.remoteView.current;
  }

  /** Answers a call that rings here; anything else is left alone. */
  accept(params?: AcceptParams): void {
    this._driver().accept(params ?? {});
  }

  /** Cancels, declines or hangs up; a call that is over is left alone. */
  end(): void {
    this._driver().end();
  }

  /**
   * Puts the call on hold: this side neither sends nor plays. Fails with 1400101 for a call that
   * is over or rings here unanswered.
   */
  hold(): Promise<void> {
    return hold(this._driver());
  }

  /**
   * Takes the call back. While another call is active this fails with 1400101, unless `force`
   * puts that one on hold first.
   */
  unhold(force?: boolean): Promise<void> {
    return unhold(this._driver(), force === true);
  }

  /** Sets custom items; those not named stay. Works on a call that is over, too. */
  updateCustomItems(
    customItems: { [key: string]: string },
    callback?: Callback<CustomItemsResult>,
  ): Promise<CustomItemsResult> {
    return updateItems(this._driver().host, this.callId, customItems, callback);
  }

  /** Removes the custom items of these keys. */
  deleteCustomItems(
    keys: string[],
    callback?: Callback<CustomItemsResult>,
  ): Promise<CustomItemsResult> {
    return deleteItems(this._driver().host, this.callId, keys, callback);
  }

  /** Removes all custom items. */
  deleteAllCustomItems(callback?: Callback<CustomItemsResult>): Promise<CustomItemsResult> {
    return deleteAllItems(this._driver().host, this.callId, callback);
  }

  muteMicrophone(): void {
    this._driver().media.setAudio(false);
  }

  unmuteMicrophone(): void {
    this._driver().media.setAudio(true);
  }

  startVideo(): void {
    this._driver().media.startVideo();
  }

  stopVideo(): void {
    this._driver().media.stopVideo();
  }

  /** Shows what this side sends, now or as soon as it does; null takes the view away. */
  setLocalMediaView(view: HTMLMediaElement | null): Promise<void> {
    this._driver().media.localView.setElement(view);
    return Promise.resolve();
  }

  /** Shows what the other side sends, now or as soon as it does; null takes the view away. */
  setRemoteMediaView(view: HTMLMediaElement | null): Promise<void> {
    this._driver().media.remoteView.setElement(view);
    return Promise.resolve();
  }

  /** Milliseconds from accept to now or to the end. */
  getDuration(): number {
    return this._driver().duration();
  }
}
