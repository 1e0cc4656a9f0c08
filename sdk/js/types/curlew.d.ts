/** The declarations of the package; usable as values, as named imports and as a namespace. */

declare namespace SendBirdCall {
  /** How a call ended. */
  const DirectCallEndResult: {
    readonly NO_ANSWER: "no_answer";
    readonly CANCELED: "canceled";
    readonly DECLINED: "declined";
    readonly COMPLETED: "completed";
    readonly TIMED_OUT: "timed_out";
    readonly CONNECTION_LOST: "connection_lost";
    readonly DIAL_FAILED: "dial_failed";
    readonly ACCEPT_FAILED: "accept_failed";
    readonly OTHER_DEVICE_ACCEPTED: "other_device_accepted";
    readonly NOT_CONNECTED: "not_connected";
    readonly UNKNOWN: "unknown";
  };
  type DirectCallEndResult = (typeof DirectCallEndResult)[keyof typeof DirectCallEndResult];

  /** The side of a direct call. */
  const DirectCallUserRole: { readonly CALLER: "dc_caller"; readonly CALLEE: "dc_callee" };
  type DirectCallUserRole = (typeof DirectCallUserRole)[keyof typeof DirectCallUserRole];

  /** How much is written to the console. */
  const LoggerLevel: {
    readonly NONE: "NONE";
    readonly ERROR: "ERROR";
    readonly WARNING: "WARNING";
    readonly INFO: "INFO";
  };
  type LoggerLevel = (typeof LoggerLevel)[keyof typeof LoggerLevel];

  const SoundType: {
    readonly DIALING: "DIALING";
    readonly RINGING: "RINGING";
    readonly RECONNECTING: "RECONNECTING";
    readonly RECONNECTED: "RECONNECTED";
  };
  type SoundType = (typeof SoundType)[keyof typeof SoundType];

  const RecordingStatus: { readonly NONE: "none"; readonly RECORDING: "recording" };
  type RecordingStatus = (typeof RecordingStatus)[keyof typeof RecordingStatus];

  const RecordingType: {
    readonly REMOTE_AUDIO_AND_VIDEO: "remote_audio_and_video";
    readonly REMOTE_AUDIO_ONLY: "remote_audio_only";
    readonly LOCAL_REMOTE_AUDIOS: "local_remote_audios";
    readonly LOCAL_AUDIO_REMOTE_AUDIO_AND_VIDEO: "local_audio_remote_audio_and_video";
    readonly LOCAL_AUDIO_AND_VIDEO_REMOTE_AUDIO: "local_audio_and_video_remote_audio";
  };
  type RecordingType = (typeof RecordingType)[keyof typeof RecordingType];

  const RoomType: {
    readonly SMALL_ROOM_FOR_VIDEO: "small_room_for_video";
    readonly LARGE_ROOM_FOR_AUDIO_ONLY: "large_room_for_audio_only";
  };
  type RoomType = (typeof RoomType)[keyof typeof RoomType];

  const RoomState: { readonly OPEN: "open"; readonly DELETED: "deleted" };
  type RoomState = (typeof RoomState)[keyof typeof RoomState];

  const ParticipantState: {
    readonly ENTERED: "entered";
    readonly CONNECTED: "connected";
    readonly EXITED: "exited";
  };
  type ParticipantState = (typeof ParticipantState)[keyof typeof ParticipantState];

  const TokenType: { readonly APNS: "apns_voip"; readonly FCM: "fcm_voip" };
  type TokenType = (typeof TokenType)[keyof typeof TokenType];

  /** The documented error codes by name. */
  const ErrorCode: { readonly [name: string]: number };

  /** What callbacks and promises fail with. */
  interface SendBirdCallError extends Error {
    /** The documented number. */
    readonly code: number;
  }

  /** A callback: the result comes first. */
  type Callback<T> = (result: T | null, error: SendBirdCallError | null) => void;

  /** At most 10 in all; keys and values of at most 128 characters, no comma in a key. */
  interface CustomItems {
    [key: string]: string;
  }

  /** What a change of custom items came to. */
  interface CustomItemsResult {
    /** All items after the change. */
    readonly customItems: CustomItems;
    /** The keys that were set or removed. */
    readonly affectedKeys: string[];
    /** `customItems` under the name of the sibling SDKs. */
    readonly updatedItems: CustomItems;
  }

  /** A user; instances never change. */
  class User {
    private constructor();
    /** The user's id. */
    readonly userId: string;
    /** The name to show; may be empty. */
    readonly nickname: string;
    /** The picture's address; may be empty. */
    readonly profileUrl: string;
    /** Whether the user is active. */
    readonly isActive: boolean;
    /** The application's own data about the user. */
    readonly metaData: { [key: string]: string };
  }

  /** A user on one side of a call. */
  class DirectCallUser {
    private constructor();
    /** The user's id. */
    readonly userId: string;
    /** The name to show; may be empty. */
    readonly nickname: string;
    /** The picture's address; may be empty. */
    readonly profileUrl: string;
    /** Whether the user is active. */
    readonly isActive: boolean;
    /** The application's own data about the user. */
    readonly metaData: { [key: string]: string };
    /** The side. */
    readonly role: DirectCallUserRole;
  }

  interface AuthOption {
    /** The user's id. */
    userId: string | number;
    /** An access token or a session token; null and "" mean none. */
    accessToken?: string | null;
  }

  interface DirectCallOption {
    /** Shows what this side sends. */
    localMediaView?: HTMLMediaElement | null;
    /** Shows, and plays, what the other side sends. */
    remoteMediaView?: HTMLMediaElement | null;
    /** Whether the microphone is on at the start; it is unless said. */
    audioEnabled?: boolean;
    /** Whether the camera is on at the start of a video call; it is unless said. */
    videoEnabled?: boolean;
  }

  interface DialParams {
    /** The user's id. */
    userId: string | number;
    /** A call with video; without unless said. */
    isVideoCall?: boolean;
    /** This side's media. */
    callOption?: DirectCallOption | null;
    /** The callee reads them in `onRinging`. */
    customItems?: CustomItems | null;
    /** Taken and not used: there is no chat here. */
    sendBirdChatOptions?: { channelUrl?: string };
    /** Puts the other active calls of this device on hold. */
    holdActiveCall?: boolean;
  }

  interface AcceptParams {
    /** This side's media. */
    callOption?: DirectCallOption | null;
    /** Puts the other active calls of this device on hold. */
    holdActiveCall?: boolean;
  }

  /** How far a ring has reached. Beyond the documented surface: ours. */
  interface DirectCallReach {
    /** Devices that are connected and whose application was handed the ring. */
    readonly devices: number;
    /** Pushes that went out. */
    readonly pushes: number;
  }

  /** Device-wide handlers; each may be left out. */
  interface SendBirdCallListener {
    /** A call rings here; its `endResult` is set if it ended meanwhile. */
    onRinging?: ((call: DirectCall) => void) | null;
  }

  /** The record of a call that is over. */
  interface DirectCallLog {
    /** The call's id. */
    readonly callId: string;
    /** Dialled with video. */
    readonly isVideoCall: boolean;
    /** When it was dialled, in Unix milliseconds. */
    readonly startedAt: number;
    /** When it ended, in Unix milliseconds. */
    readonly endedAt: number;
    /** Milliseconds from accept to end; 0 if it was never accepted. */
    readonly duration: number;
    /** Who dialled. */
    readonly caller: DirectCallUser;
    /** Who was dialled. */
    readonly callee: DirectCallUser;
    /** Who ended it; null when a time-out or a loss did. */
    readonly endedBy: DirectCallUser | null;
    /** How it ended, as a value of `DirectCallEndResult`. */
    readonly endResult: string;
    /** The application's own data about the call. */
    readonly customItems: CustomItems;
    /** The signed-in user's side, under both names that applications read. */
    readonly userRole: string;
    readonly myRole: string;
    /** True for what a log query gave, false for `call.callLog`. */
    readonly isFromServer: boolean;
  }

  interface DirectCallLogListQueryParams {
    /** `dc_caller` or `dc_callee`; both if left out. */
    myRole?: string | null;
    /** Any of these results, upper or lower case; all if left out or empty. */
    endResults?: string[] | null;
    /** Entries of a page, 10 to 100; others are taken as the nearest. 20 if left out. */
    limit?: number | null;
    /** Calls dialled at this time or later: Unix milliseconds, or seconds. */
    startedAt?: number | null;
    /** Calls dialled at this time or earlier: Unix milliseconds, or seconds. */
    endedAt?: number | null;
    /** The same as `startedAt`. */
    start_ts?: number | null;
    /** The same as `endedAt`. */
    end_ts?: number | null;
  }

  /** The signed-in user's calls that are over, page after page, newest first. */
  class DirectCallLogListQuery {
    private constructor();
    /** Whether there may be another page; true before the first. */
    readonly hasNext: boolean;
    /** Whether a page is on its way. */
    readonly isLoading: boolean;
    /** Entries of a page, 10 to 100. */
    readonly limit: number;
    /**
     * The next page; empty after the last. Fails with 1800206 while another is on its way, 1800300
     * or 1800301 for bad parameters, 1800302 before `init`, 1800303 if nobody or another user is
     * signed in, and with what the server says.
     */
    next(callback?: Callback<DirectCallLog[]>): Promise<DirectCallLog[]>;
  }

  type CallHandler = ((call: DirectCall) => void) | null;

  /** A 1-to-1 call. */
  class DirectCall {
    private constructor();
    /** The call was accepted; media is not up yet. */
    onEstablished: CallHandler;
    /** Media is up on both sides. */
    onConnected: CallHandler;
    /** Media broke off, and another path is looked for. */
    onReconnecting: CallHandler;
    /** Media is back. */
    onReconnected: CallHandler;
    /** The call is over, for whatever reason; comes once. */
    onEnded: CallHandler;
    /** The other side muted or unmuted. */
    onRemoteAudioSettingsChanged: CallHandler;
    /** The other side's camera was stopped or started. */
    onRemoteVideoSettingsChanged: CallHandler;
    /** Items of these keys were set, by whomever; also after the end. */
    onCustomItemsUpdated: ((call: DirectCall, keys: string[]) => void) | null;
    /** Items of these keys are gone; also after the end. */
    onCustomItemsDeleted: ((call: DirectCall, keys: string[]) => void) | null;
    /** Not fired: nothing records in this version. */
    onRemoteRecordingStatusChanged: CallHandler;
    /** A side put the call on hold, or took it back. */
    onUserHoldStatusChanged:
      | ((call: DirectCall, isLocalUser: boolean, isUserOnHold: boolean) => void)
      | null;
    /** Not fired: no screen is shared in this version. */
    onScreenShareStopped: (() => void) | null;
    /** Beyond the documented surface, ours: for the caller, while it rings. */
    onReachChanged: CallHandler;
    /** Empty until the server answered `dial`. */
    readonly callId: string;
    /** The same under the name that official examples print. */
    readonly _callId: string;
    /** Who dialled. */
    readonly caller: DirectCallUser;
    /** The same under a name that applications read. */
    readonly _caller: DirectCallUser;
    /** Who was dialled. */
    readonly callee: DirectCallUser;
    /** The signed-in user's side. */
    readonly localUser: DirectCallUser;
    /** The other side. */
    readonly remoteUser: DirectCallUser;
    /** Which side the signed-in user is. */
    readonly myRole: DirectCallUserRole;
    /** Fixed by the dial. */
    readonly isVideoCall: boolean;
    /** Whether this side's microphone is on. */
    readonly isLocalAudioEnabled: boolean;
    /** Whether this side's camera is on. */
    readonly isLocalVideoEnabled: boolean;
    /** Whether the other side's microphone is on. */
    readonly isRemoteAudioEnabled: boolean;
    /** Whether the other side's camera is on. */
    readonly isRemoteVideoEnabled: boolean;
    /** False: no screen is shared in this version. */
    readonly isLocalScreenShareEnabled: boolean;
    /** Not over, or not yet begun to ring. */
    readonly isOngoing: boolean;
    /** Over. */
    readonly isEnded: boolean;
    /** Whether this user has put the call on hold. */
    readonly isOnHold: boolean;
    /** For the caller while it rings, else nothing. Beyond the documented surface: ours. */
    readonly reach: DirectCallReach;
    /** The devices that really ring, as in `reach`. Ours too. */
    readonly ringingDevices: number;
    /** Who ended it; null until then, and where a time-out or a loss did. */
    readonly endedBy: DirectCallUser | null;
    /** Null until the call has ended. */
    readonly endResult: DirectCallEndResult | null;
    readonly callLog: DirectCallLog | null;
    /** The application's own data about the call. */
    readonly customItems: CustomItems;
    /** When it was dialled, in Unix milliseconds. */
    readonly startedAt: number;
    /** Where this side's picture is shown. */
    readonly localMediaView: HTMLMediaElement | null;
    /** Where the other side's media is shown. */
    readonly remoteMediaView: HTMLMediaElement | null;
    /** Answers a call that rings here; anything else is left alone. */
    accept(params?: AcceptParams): void;
    /** Cancels, declines or hangs up; a call that is over is left alone. */
    end(): void;
    /** Fails with 1400101 for a call that is over or rings here unanswered. */
    hold(): Promise<void>;
    /**
     * While another call is active this fails with 1400101, unless `force` puts that one on hold
     * first.
     */
    unhold(force?: boolean): Promise<void>;
    /** Sets items; those not named stay. Works on a call that is over, too. */
    updateCustomItems(
      customItems: CustomItems,
      callback?: Callback<CustomItemsResult>,
    ): Promise<CustomItemsResult>;
    /** Removes the items of these keys. */
    deleteCustomItems(
      keys: string[],
      callback?: Callback<CustomItemsResult>,
    ): Promise<CustomItemsResult>;
    /** Removes all items. */
    deleteAllCustomItems(callback?: Callback<CustomItemsResult>): Promise<CustomItemsResult>;
    /** Sends silence from here on. */
    muteMicrophone(): void;
    /** Sends sound again. */
    unmuteMicrophone(): void;
    /** Opens the camera; an audio call has none. */
    startVideo(): void;
    /** Closes the camera, light and all. */
    stopVideo(): void;
    /** Shows what this side sends, now or as soon as it does; null takes the view away. */
    setLocalMediaView(view: HTMLMediaElement | null): Promise<void>;
    /** Shows what the other side sends, now or as soon as it does; null takes the view away. */
    setRemoteMediaView(view: HTMLMediaElement | null): Promise<void>;
    /** Milliseconds from accept to now or to the end. */
    getDuration(): number;
  }

  /** The version of this SDK. */
  const sdkVersion: string;
  /** The signed-in user; changes as people sign in and out. */
  const currentUser: User | null;
  /** The application's id, null before `init`. */
  const appId: string | null;

  /** Points the SDK at an application; hosts may be left out. Throws 1800300 to 1800302. */
  function init(appId: string, apiHost?: string, websocketHost?: string): void;
  /** Signs a user in. Fails with the server's code, or with 1800200, 1800302. */
  function authenticate(option: AuthOption, callback?: Callback<User>): Promise<User>;
  /** Connects, so that calls ring here; stays connected from then on. */
  function connectWebSocket(): Promise<void>;
  /** Signs out: this device's calls end, and it is rung no more; listeners stay. */
  function deauthenticate(): void;
  /** How much is written to the console; `ERROR` unless set. */
  function setLoggerLevel(level: LoggerLevel): void;
  /** Listens to what happens on this device; the same id again replaces the listener. */
  function addListener(id: string | number, listener: SendBirdCallListener): void;
  /** Listens no more; an unknown id is left alone. */
  function removeListener(id: string | number): void;
  /** Removes every listener. */
  function removeAllListeners(): void;
  /** Returns the call at once; on failure the callback gets the call and the error. */
  function dial(
    params: DialParams,
    callback?: (call: DirectCall, error: SendBirdCallError | null) => void,
  ): DirectCall;
  /** The object of a call that this device knows; null for another. */
  function getCall(callId: string): DirectCall | null;
  /** The calls that are not over, one that rings included. */
  function getOngoingCalls(): DirectCall[];
  /** How many there are. */
  function getOngoingCallCount(): number;
  /** Of any call that the user took part in, ended ones included. */
  function updateCustomItems(
    callId: string,
    customItems: CustomItems,
    callback?: Callback<CustomItemsResult>,
  ): Promise<CustomItemsResult>;
  /** Removes custom items of such a call by their keys. */
  function deleteCustomItems(
    callId: string,
    keys: string[],
    callback?: Callback<CustomItemsResult>,
  ): Promise<CustomItemsResult>;
  /** Removes all custom items of such a call. */
  function deleteAllCustomItems(
    callId: string,
    callback?: Callback<CustomItemsResult>,
  ): Promise<CustomItemsResult>;
  /** Makes a query of the signed-in user's calls that are over. */
  function createDirectCallLogListQuery(
    params?: DirectCallLogListQueryParams | null,
  ): DirectCallLogListQuery;
  /**
   * Takes the data of a webhook or push, as an object or JSON text: makes sure that this device is
   * connected, whereupon it rings if the call still does. Throws 1800300 or 1800301 for data
   * without a call, 1800302 before `init`, 1800303 if nobody is signed in.
   */
  function handleWebhookData(data: object | string): void;
  /** Seconds that a dial from here rings, 1 to 600; 60 unless set. */
  function setRingingTimeout(seconds: number): void;
  /** Seconds from the accept to media, 1 to 600; 60 unless set. */
  function setCallConnectionTimeout(seconds: number): void;
}

export default SendBirdCall;
export as namespace SendBirdCall;

export import DirectCallEndResult = SendBirdCall.DirectCallEndResult;
export import DirectCallUserRole = SendBirdCall.DirectCallUserRole;
export import LoggerLevel = SendBirdCall.LoggerLevel;
export import SoundType = SendBirdCall.SoundType;
export import RecordingStatus = SendBirdCall.RecordingStatus;
export import RecordingType = SendBirdCall.RecordingType;
export import RoomType = SendBirdCall.RoomType;
export import RoomState = SendBirdCall.RoomState;
export import ParticipantState = SendBirdCall.ParticipantState;
export import TokenType = SendBirdCall.TokenType;
export import ErrorCode = SendBirdCall.ErrorCode;
export import SendBirdCallError = SendBirdCall.SendBirdCallError;
export import Callback = SendBirdCall.Callback;
export import CustomItems = SendBirdCall.CustomItems;
export import CustomItemsResult = SendBirdCall.CustomItemsResult;
export import User = SendBirdCall.User;
export import DirectCallUser = SendBirdCall.DirectCallUser;
export import AuthOption = SendBirdCall.AuthOption;
export import DirectCallOption = SendBirdCall.DirectCallOption;
export import DialParams = SendBirdCall.DialParams;
export import AcceptParams = SendBirdCall.AcceptParams;
export import SendBirdCallListener = SendBirdCall.SendBirdCallListener;
export import DirectCallLog = SendBirdCall.DirectCallLog;
export import DirectCallLogListQueryParams = SendBirdCall.DirectCallLogListQueryParams;
export import DirectCallLogListQuery = SendBirdCall.DirectCallLogListQuery;
export import DirectCallReach = SendBirdCall.DirectCallReach;
export import CallHandler = SendBirdCall.CallHandler;
export import DirectCall = SendBirdCall.DirectCall;
export import sdkVersion = SendBirdCall.sdkVersion;
export import currentUser = SendBirdCall.currentUser;
export import appId = SendBirdCall.appId;
export import init = SendBirdCall.init;
export import authenticate = SendBirdCall.authenticate;
export import connectWebSocket = SendBirdCall.connectWebSocket;
export import deauthenticate = SendBirdCall.deauthenticate;
export import setLoggerLevel = SendBirdCall.setLoggerLevel;
export import addListener = SendBirdCall.addListener;
export import removeListener = SendBirdCall.removeListener;
export import removeAllListeners = SendBirdCall.removeAllListeners;
export import dial = SendBirdCall.dial;
export import getCall = SendBirdCall.getCall;
export import getOngoingCalls = SendBirdCall.getOngoingCalls;
export import getOngoingCallCount = SendBirdCall.getOngoingCallCount;
export import setRingingTimeout = SendBirdCall.setRingingTimeout;
export import setCallConnectionTimeout = SendBirdCall.setCallConnectionTimeout;
export import updateCustomItems = SendBirdCall.updateCustomItems;
export import deleteCustomItems = SendBirdCall.deleteCustomItems;
export import deleteAllCustomItems = SendBirdCall.deleteAllCustomItems;
export import createDirectCallLogListQuery = SendBirdCall.createDirectCallLogListQuery;
export import handleWebhookData = SendBirdCall.handleWebhookData;
