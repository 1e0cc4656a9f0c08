/** The declarations of the package; usable as values, as named imports and as a namespace. */

import * as SendBirdCall from "./curlew";

export default SendBirdCall;
export as namespace SendBirdCall;

/** How a call ended. */
export const DirectCallEndResult: {
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
export type DirectCallEndResult = (typeof DirectCallEndResult)[keyof typeof DirectCallEndResult];

/** The side of a direct call. */
export const DirectCallUserRole: { readonly CALLER: "dc_caller"; readonly CALLEE: "dc_callee" };
export type DirectCallUserRole = (typeof DirectCallUserRole)[keyof typeof DirectCallUserRole];

/** How much is written to the console. */
export const LoggerLevel: {
  readonly NONE: "NONE";
  readonly ERROR: "ERROR";
  readonly WARNING: "WARNING";
  readonly INFO: "INFO";
};
export type LoggerLevel = (typeof LoggerLevel)[keyof typeof LoggerLevel];

export const SoundType: {
  readonly DIALING: "DIALING";
  readonly RINGING: "RINGING";
  readonly RECONNECTING: "RECONNECTING";
  readonly RECONNECTED: "RECONNECTED";
};
export type SoundType = (typeof SoundType)[keyof typeof SoundType];

export const RecordingStatus: { readonly NONE: "none"; readonly RECORDING: "recording" };
export type RecordingStatus = (typeof RecordingStatus)[keyof typeof RecordingStatus];

export const RecordingType: {
  readonly REMOTE_AUDIO_AND_VIDEO: "remote_audio_and_video";
  readonly REMOTE_AUDIO_ONLY: "remote_audio_only";
  readonly LOCAL_REMOTE_AUDIOS: "local_remote_audios";
  readonly LOCAL_AUDIO_REMOTE_AUDIO_AND_VIDEO: "local_audio_remote_audio_and_video";
  readonly LOCAL_AUDIO_AND_VIDEO_REMOTE_AUDIO: "local_audio_and_video_remote_audio";
};
export type RecordingType = (typeof RecordingType)[keyof typeof RecordingType];

export const RoomType: {
  readonly SMALL_ROOM_FOR_VIDEO: "small_room_for_video";
  readonly LARGE_ROOM_FOR_AUDIO_ONLY: "large_room_for_audio_only";
};
export type RoomType = (typeof RoomType)[keyof typeof RoomType];

export const RoomState: { readonly OPEN: "open"; readonly DELETED: "deleted" };
export type RoomState = (typeof RoomState)[keyof typeof RoomState];

export const ParticipantState: {
  readonly ENTERED: "entered";
  readonly CONNECTED: "connected";
  readonly EXITED: "exited";
};
export type ParticipantState = (typeof ParticipantState)[keyof typeof ParticipantState];

export const TokenType: { readonly APNS: "apns_voip"; readonly FCM: "fcm_voip" };
export type TokenType = (typeof TokenType)[keyof typeof TokenType];

/** The documented error codes by name. */
export const ErrorCode: { readonly [name: string]: number };

/** What callbacks and promises fail with. */
export interface SendBirdCallError extends Error {
  readonly code: number;
}

/** A callback: the result comes first. */
export type Callback<T> = (result: T | null, error: SendBirdCallError | null) => void;

export interface CustomItems {
  [key: string]: string;
}

/** A user; instances never change. */
export class User {
  private constructor();
  readonly userId: string;
  readonly nickname: string;
  readonly profileUrl: string;
  readonly isActive: boolean;
  readonly metaData: { [key: string]: string };
}

/** A user on one side of a call. */
export class DirectCallUser {
  private constructor();
  readonly userId: string;
  readonly nickname: string;
  readonly profileUrl: string;
  readonly isActive: boolean;
  readonly metaData: { [key: string]: string };
  readonly role: DirectCallUserRole;
}

export interface AuthOption {
  userId: string | number;
  /** An access token or a session token; null and "" mean none. */
  accessToken?: string | null;
}

export interface DirectCallOption {
  localMediaView?: HTMLMediaElement | null;
  remoteMediaView?: HTMLMediaElement | null;
  audioEnabled?: boolean;
  videoEnabled?: boolean;
}

export interface DialParams {
  userId: string | number;
  isVideoCall?: boolean;
  callOption?: DirectCallOption | null;
  customItems?: CustomItems | null;
  sendBirdChatOptions?: { channelUrl?: string };
  holdActiveCall?: boolean;
}

export interface AcceptParams {
  callOption?: DirectCallOption | null;
  holdActiveCall?: boolean;
}

/** Device-wide handlers; each may be left out. */
export interface SendBirdCallListener {
  onRinging?: ((call: DirectCall) => void) | null;
}

export interface DirectCallLog {
  readonly callId: string;
  readonly isVideoCall: boolean;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Milliseconds from accept to end. */
  readonly duration: number;
  readonly caller: DirectCallUser;
  readonly callee: DirectCallUser;
  readonly endedBy: DirectCallUser | null;
  readonly endResult: string;
  readonly customItems: CustomItems;
  readonly userRole: string;
  readonly myRole: string;
  readonly isFromServer: boolean;
}

export type CallHandler = ((call: DirectCall) => void) | null;

/** A 1-to-1 call. */
export class DirectCall {
  private constructor();
  onEstablished: CallHandler;
  onConnected: CallHandler;
  onReconnecting: CallHandler;
  onReconnected: CallHandler;
  onEnded: CallHandler;
  onRemoteAudioSettingsChanged: CallHandler;
  onRemoteVideoSettingsChanged: CallHandler;
  onCustomItemsUpdated: ((call: DirectCall, keys: string[]) => void) | null;
  onCustomItemsDeleted: ((call: DirectCall, keys: string[]) => void) | null;
  onRemoteRecordingStatusChanged: CallHandler;
  onUserHoldStatusChanged:
    | ((call: DirectCall, isLocalUser: boolean, isUserOnHold: boolean) => void)
    | null;
  onScreenShareStopped: (() => void) | null;
  /** Empty until the server answered `dial`. */
  readonly callId: string;
  readonly _callId: string;
  readonly caller: DirectCallUser;
  readonly _caller: DirectCallUser;
  readonly callee: DirectCallUser;
  readonly localUser: DirectCallUser;
  readonly remoteUser: DirectCallUser;
  readonly myRole: DirectCallUserRole;
  readonly isVideoCall: boolean;
  readonly isLocalAudioEnabled: boolean;
  readonly isLocalVideoEnabled: boolean;
  readonly isRemoteAudioEnabled: boolean;
  readonly isRemoteVideoEnabled: boolean;
  readonly isLocalScreenShareEnabled: boolean;
  readonly isOngoing: boolean;
  readonly isEnded: boolean;
  readonly isOnHold: boolean;
  readonly endedBy: DirectCallUser | null;
  /** Null until the call has ended. */
  readonly endResult: DirectCallEndResult | null;
  readonly callLog: DirectCallLog | null;
  readonly customItems: CustomItems;
  readonly startedAt: number;
  readonly localMediaView: HTMLMediaElement | null;
  readonly remoteMediaView: HTMLMediaElement | null;
  accept(params?: AcceptParams): void;
  end(): void;
  muteMicrophone(): void;
  unmuteMicrophone(): void;
  startVideo(): void;
  stopVideo(): void;
  setLocalMediaView(view: HTMLMediaElement | null): Promise<void>;
  setRemoteMediaView(view: HTMLMediaElement | null): Promise<void>;
  /** Milliseconds from accept to now or to the end. */
  getDuration(): number;
}

export const sdkVersion: string;
/** The signed-in user; changes as people sign in and out. */
export const currentUser: User | null;
/** The application's id, null before `init`. */
export const appId: string | null;

export function init(appId: string, apiHost?: string, websocketHost?: string): void;
export function authenticate(option: AuthOption, callback?: Callback<User>): Promise<User>;
export function connectWebSocket(): Promise<void>;
export function deauthenticate(): void;
export function setLoggerLevel(level: LoggerLevel): void;
export function addListener(id: string | number, listener: SendBirdCallListener): void;
export function removeListener(id: string | number): void;
export function removeAllListeners(): void;
/** Returns the call at once; on failure the callback gets the call and the error. */
export function dial(
  params: DialParams,
  callback?: (call: DirectCall, error: SendBirdCallError | null) => void,
): DirectCall;
export function getCall(callId: string): DirectCall | null;
export function getOngoingCalls(): DirectCall[];
export function getOngoingCallCount(): number;
export function setRingingTimeout(seconds: number): void;
export function setCallConnectionTimeout(seconds: number): void;
