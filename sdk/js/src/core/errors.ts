/** The documented error codes and the one error class of the SDK. */

/** The documented codes: 1800xxx are the SDK's own, the others are passed on from the server. */
export const ErrorCode = {
  DIAL_CANCELED: 1800100,
  MY_USER_ID_NOT_ALLOWED: 1800101,
  ERR_REQUEST_FAILED: 1800200,
  WS_NOT_CONNECTED: 1800201,
  WS_CONNECTION_FAILED: 1800202,
  ERR_NO_RESPONSE_DUE_TO_TIMEOUT: 1800203,
  ERR_REQUEST_FAILED_DUE_TO_WEBSOCKET_CONNECTION_LOST: 1800204,
  ERR_WRONG_RESPONSE: 1800205,
  ERR_QUERY_IN_PROGRESS: 1800206,
  INTERNAL_SERVER_ERROR: 1800207,
  ERR_MALFORMED_DATA: 1800208,
  INVALID_PARAMETER_VALUE: 1800300,
  INVALID_PARAMETER_TYPE: 1800301,
  INSTANCE_NOT_INITIALIZED: 1800302,
  USER_NOT_AUTHENTICATED: 1800303,
  ERR_CAPTURE_NOT_ALLOWED_ON_AUDIO_CALL: 1800600,
  ERR_VIDEO_VIEW_NOT_READY: 1800601,
  ERR_VIDEO_CALL_NOT_CONNECTED_YET: 1800602,
  FAILED_TO_GET_IMAGE_FROM_THE_MEDIA_STREAM: 1800603,
  ERR_CALL_NOT_CONNECTED_YET: 1800610,
  ERR_WRONG_RECORDING_TYPE_FOR_AUDIO_CALL: 1800611,
  ERR_PARTICIPANT_ALREADY_IN_ROOM: 1800700,
  ERR_ENTERING_ROOM_STILL_IN_PROGRESS: 1800701,
  ERR_PARTICIPANT_NOT_IN_ROOM: 1800702,
  ERR_EXITING_ROOM_STILL_IN_PROGRESS: 1800703,
  ERR_FAILED_TO_ESTABLISH_CONNECTION_TO_SEND_STREAM: 1800704,
  ERR_FAILED_TO_ESTABLISH_CONNECTION_TO_RECEIVE_STREAM: 1800705,
  ERR_LOCAL_PARTICIPANT_LOST_CONNECTION: 1800706,
  ERR_INVALID_CALL_STATUS: 1400101,
  ERR_CALL_DOES_NOT_EXIST: 1400102,
  ERR_CALLEE_DOES_NOT_EXIST: 1400103,
  ERR_DIAL_MYSELF: 1400104,
  ERR_NO_PERMISSION: 1400105,
  ERR_CALLEE_NEVER_AUTHENTICATE: 1400106,
  INVALID_ROOM: 1400126,
  ERR_SERVER_INTERNAL_ERROR: 1400999,
  INVALID_PARAMS: 400100,
  MISSING_PARAMS: 400111,
  NOT_FOUND: 400200,
  UNIQUE_CONSTRAINT: 400201,
  FREE_PLAN_ENDED: 400800,
  NOT_ALLOWED: 401120,
  NOT_AUTHORIZED: 401121,
  RATE_LIMIT_EXCEEDED: 429100,
  UNKNOWN_ERROR: 500999,
} as const;

/** What went wrong: a documented code, and a message that is never empty. */
export class CallError extends Error {
  /** The documented number. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message || `The request was refused with code ${code}.`);
    this.name = "SendBirdCallError";
    this.code = code;
  }
}

/** `init` is missing. */
export function notInitialized(): CallError {
  return new CallError(
    ErrorCode.INSTANCE_NOT_INITIALIZED,
    "Call SendBirdCall.init(appId) before anything else.",
  );
}

/** Nobody is signed in. */
export function notAuthenticated(why = "Call SendBirdCall.authenticate first."): CallError {
  return new CallError(ErrorCode.USER_NOT_AUTHENTICATED, why);
}

/** A parameter has a value that is not allowed. */
export function invalidValue(message: string): CallError {
  return new CallError(ErrorCode.INVALID_PARAMETER_VALUE, message);
}

/** A parameter has the wrong type. */
export function invalidType(message: string): CallError {
  return new CallError(ErrorCode.INVALID_PARAMETER_TYPE, message);
}

/** The call is not in a state for what was asked. */
export function invalidCallStatus(message: string): CallError {
  return new CallError(ErrorCode.ERR_INVALID_CALL_STATUS, message);
}

/** Turns anything that was thrown into the error of the documented shape. */
export function asCallError(cause: unknown, code: number): CallError {
  if (cause instanceof CallError) return cause;
  return new CallError(code, cause instanceof Error ? cause.message : String(cause));
}
