/** `dial`: the call object at once, the answer by callback. */

import { DirectCallEndResult } from "../../core/enums.js";
import { CallError, ErrorCode, asCallError } from "../../core/errors.js";
import { unknownUser, viewOf, type User } from "../../core/user.js";
import type { CallView, Reply } from "../../wire/protocol.js";
import { Controller, type CallHost } from "../direct-call/controller.js";
import type { DirectCall } from "../direct-call/direct-call.js";
import type { Link } from "../link/link.js";
import { contain, later } from "../log.js";
import type { CallBook } from "./call-book.js";
import { randomUuid } from "./device-id.js";
import { readCustomItems, readId, type DialParams } from "./params.js";

/** The callback of `dial`: on failure the call comes along, because applications read it. */
export type DialCallback = (call: DirectCall, error: Error | null) => void;

/** What a dial works with. */
export interface DialDesk {
  readonly book: CallBook;
  readonly host: CallHost;
  readonly user: User | null;
  readonly ringingTimeoutSecs: number | undefined;
  readonly connectionTimeoutSecs: number | undefined;
  /** The open session's link, started; throws if there is none. */
  link(): Link;
}

/** A dial without an answer fails after this time; a longer wait would look like a dead page. */
const ANSWER_LIMIT_MS = 30_000;

/** Starts a call. Nothing is called back before the current task is over. */
export function dial(
  desk: DialDesk,
  params: DialParams,
  callback: DialCallback | undefined,
): DirectCall {
  const controller = new Controller(provisional(desk.user, params), desk.host);
  const tell = (error: Error | null): void => {
    if (typeof callback !== "function") return;
    contain("the callback of dial", () => callback(controller.call, error));
  };
  controller.takeOption(params?.callOption ?? {});
  controller.onDialOver = (error) => {
    desk.book.removeDialing(controller);
    tell(error);
  };
  desk.book.addDialing(controller);
  later(() => void place(desk, controller, params, tell));
  return controller.call;
}

async function place(
  desk: DialDesk,
  controller: Controller,
  params: DialParams,
  tell: (error: Error | null) => void,
): Promise<void> {
  try {
    if (controller.isOver) return;
    const link = desk.link();
    const calleeId = readId(params?.userId, "userId");
    const customItems = readCustomItems(params.customItems);
    if (calleeId === desk.user?.userId) {
      throw new CallError(ErrorCode.MY_USER_ID_NOT_ALLOWED, "You cannot call yourself.");
    }
    await controller.media.open();
    if (controller.isOver) return;
    const { ringingTimeoutSecs, connectionTimeoutSecs } = desk;
    const asked = link.request({
      verb: "dial",
      dialKey: randomUuid(),
      calleeId,
      isVideoCall: controller.view.isVideoCall,
      settings: controller.settingsToDial(),
      customItems,
      ...(ringingTimeoutSecs === undefined ? {} : { ringingTimeoutSecs }),
      ...(connectionTimeoutSecs === undefined ? {} : { connectionTimeoutSecs }),
    });
    void asked.then((reply) => endIfUnwanted(link, controller, reply));
    const reply = await inTime(asked);
    if (controller.isOver) return;
    if (reply.error) throw new CallError(reply.error.code, reply.error.message);
    if (!reply.call) throw new CallError(ErrorCode.ERR_WRONG_RESPONSE, "The answer has no call.");
    controller.onDialOver = undefined;
    desk.book.bind(controller, reply.call, () => tell(null));
  } catch (cause) {
    const error = asCallError(cause, ErrorCode.ERR_REQUEST_FAILED);
    controller.failDial(DirectCallEndResult.DIAL_FAILED, error);
  }
}

/** The server made the call, but the person ended it before: nobody shall be rung by it. */
function endIfUnwanted(link: Link, controller: Controller, reply: Reply): void {
  if (!controller.isOver || !reply.call || reply.call.state === "ended") return;
  void link.request({ verb: "end", callId: reply.call.callId });
}

function inTime(asked: Promise<Reply>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      const text = "The server did not answer in time.";
      reject(new CallError(ErrorCode.ERR_NO_RESPONSE_DUE_TO_TIMEOUT, text));
    }, ANSWER_LIMIT_MS);
    asked.then(resolve, reject).finally(() => clearTimeout(limit));
  });
}

/** The call as far as it is known before the server answers. */
function provisional(user: User | null, params: DialParams): CallView {
  const settings = { audioEnabled: true, videoEnabled: Boolean(params?.isVideoCall) };
  const callee = params?.userId;
  return {
    callId: "",
    version: -1,
    state: "ringing",
    isVideoCall: Boolean(params?.isVideoCall),
    caller: user ? viewOf(user) : unknownUser(""),
    callee: unknownUser(callee === undefined || callee === null ? "" : String(callee)),
    myRole: "dc_caller",
    customItems: {},
    callerSettings: settings,
    calleeSettings: settings,
    startedAt: Date.now(),
  };
}
