/** The documented enumerations, with the lower-case values of the REST API. */

/** How a call ended. */
export const DirectCallEndResult = {
  NO_ANSWER: "no_answer",
  CANCELED: "canceled",
  DECLINED: "declined",
  COMPLETED: "completed",
  TIMED_OUT: "timed_out",
  CONNECTION_LOST: "connection_lost",
  DIAL_FAILED: "dial_failed",
  ACCEPT_FAILED: "accept_failed",
  OTHER_DEVICE_ACCEPTED: "other_device_accepted",
  NOT_CONNECTED: "not_connected",
  UNKNOWN: "unknown",
} as const;

/** A value of {@link DirectCallEndResult}. */
export type EndResult = (typeof DirectCallEndResult)[keyof typeof DirectCallEndResult];

/** The side of a direct call. */
export const DirectCallUserRole = { CALLER: "dc_caller", CALLEE: "dc_callee" } as const;

/** A value of {@link DirectCallUserRole}. */
export type Role = (typeof DirectCallUserRole)[keyof typeof DirectCallUserRole];

/** How much the SDK writes to the console. */
export const LoggerLevel = {
  NONE: "NONE",
  ERROR: "ERROR",
  WARNING: "WARNING",
  INFO: "INFO",
} as const;

/** A value of {@link LoggerLevel}. */
export type Level = (typeof LoggerLevel)[keyof typeof LoggerLevel];

/** When a sound is played. */
export const SoundType = {
  DIALING: "DIALING",
  RINGING: "RINGING",
  RECONNECTING: "RECONNECTING",
  RECONNECTED: "RECONNECTED",
} as const;

/** Whether a side records. */
export const RecordingStatus = { NONE: "none", RECORDING: "recording" } as const;

/** What a recording holds. */
export const RecordingType = {
  REMOTE_AUDIO_AND_VIDEO: "remote_audio_and_video",
  REMOTE_AUDIO_ONLY: "remote_audio_only",
  LOCAL_REMOTE_AUDIOS: "local_remote_audios",
  LOCAL_AUDIO_REMOTE_AUDIO_AND_VIDEO: "local_audio_remote_audio_and_video",
  LOCAL_AUDIO_AND_VIDEO_REMOTE_AUDIO: "local_audio_and_video_remote_audio",
} as const;

/** What a room is for. */
export const RoomType = {
  SMALL_ROOM_FOR_VIDEO: "small_room_for_video",
  LARGE_ROOM_FOR_AUDIO_ONLY: "large_room_for_audio_only",
} as const;

/** Whether a room can be entered. */
export const RoomState = { OPEN: "open", DELETED: "deleted" } as const;

/** Where a participant stands. */
export const ParticipantState = {
  ENTERED: "entered",
  CONNECTED: "connected",
  EXITED: "exited",
} as const;

/** The kind of a push token. */
export const TokenType = { APNS: "apns_voip", FCM: "fcm_voip" } as const;
