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
  /** Shows what this side sends. */
  localMediaView?: HTMLMediaElement | null;
  /** Shows, and plays, what the other side sends. */
  remoteMediaView?: HTMLMediaElement | null;
  /** Whether the microphone is on at the start; it is unless said. */
  audioEnabled?: boolean;
  /** Whether the camera is on at the start of a video call; it is unless said. */
  videoEnabled?: boolean;
}

/** The parameters of `accept`. */
export interface AcceptParams {
  /** This side's media. */
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
  /** The call was accepted; media is not up yet. */
  onEstablished: CallHandler = null;
  /** Media is up on both sides. */
  onConnected: CallHandler = null;
  /** Media broke off, and another path is looked for. */
  onReconnecting: CallHandler = null;
  /** Media is back. */
  onReconnected: CallHandler = null;
  /** The call is over, for whatever reason; comes once. */
  onEnded: CallHandler = null;
  /** The other side muted or unmuted. */
  onRemoteAudioSettingsChanged: CallHandler = null;
  /** The other side's camera was stopped or started. */
  onRemoteVideoSettingsChanged: CallHandler = null;
  /** Items of these keys were set, by whomever; also after the end. */
  onCustomItemsUpdated: ((call: DirectCall, keys: string[]) => void) | null = null;
  /** Items of these keys are gone; also after the end. */
  onCustomItemsDeleted: ((call: DirectCall, keys: string[]) => void) | null = null;
  /** Not fired: nothing records in this version. */
  onRemoteRecordingStatusChanged: CallHandler = null;
  /** A side put the call on hold, or took it back. */
  onUserHoldStatusChanged:
    | ((call: DirectCall, isLocalUser: boolean, isUserOnHold: boolean) => void)
    | null = null;
  /** Not fired: no screen is shared in this version. */
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

  /** Who dialled. */
  get caller(): DirectCallUser {
    return this._driver().caller;
  }

  /** The same under a name that applications read. */
  get _caller(): DirectCallUser {
    return this.caller;
  }

  /** Who was dialled. */
  get callee(): DirectCallUser {
    return this._driver().callee;
  }

  /** The signed-in user's side. */
  get localUser(): DirectCallUser {
    return this.myRole === "dc_caller" ? this.caller : this.callee;
  }

  /** The other side. */
  get remoteUser(): DirectCallUser {
    return this.myRole === "dc_caller" ? this.callee : this.caller;
  }

  /** Which side the signed-in user is. */
  get myRole(): Role {
    return this._driver().view.myRole;
  }

  /** Fixed by the dial. */
  get isVideoCall(): boolean {
    return this._driver().view.isVideoCall;
  }

  /** Whether this side's microphone is on. */
  get isLocalAudioEnabled(): boolean {
    return this._driver().media.settings.audioEnabled;
  }

  /** Whether this side's camera is on. */
  get isLocalVideoEnabled(): boolean {
    return this._driver().media.settings.videoEnabled;
  }

  /** Whether the other side's microphone is on. */
  get isRemoteAudioEnabled(): boolean {
    return this._driver().remoteSettings.audioEnabled;
  }

  /** Whether the other side's camera is on. */
  get isRemoteVideoEnabled(): boolean {
    return this._driver().remoteSettings.videoEnabled;
  }

  /** False: no screen is shared in this version. */
  get isLocalScreenShareEnabled(): boolean {
    return false;
  }

  /** Not over, or not yet begun to ring. */
  get isOngoing(): boolean {
    return !this.isEnded;
  }

  /** Over. */
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

  /** Who ended it; null until then, and where a time-out or a loss did. */
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

  /** The application's own data about the call. */
  get customItems(): { [key: string]: string } {
    return { ...this._driver().view.customItems };
  }

  /** When it was dialled, in Unix milliseconds. */
  get startedAt(): number {
    return this._driver().view.startedAt;
  }

  /** Where this side's picture is shown. */
  get localMediaView(): HTMLMediaElement | null {
    return this._driver().media.localView.current;
  }

  /** Where the other side's media is shown. */
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

  /** Sends silence from here on. */
  muteMicrophone(): void {
    this._driver().media.setAudio(false);
  }

  /** Sends sound again. */
  unmuteMicrophone(): void {
    this._driver().media.setAudio(true);
  }

  /** Opens the camera; an audio call has none. */
  startVideo(): void {
    this._driver().media.startVideo();
  }

  /** Closes the camera, light and all. */
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
