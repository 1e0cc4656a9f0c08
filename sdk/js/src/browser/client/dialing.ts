/** `dial`: the call object at once, the answer by callback. */

import { readCustomItems } from "../../core/custom-items.js";
import { DirectCallEndResult, DirectCallUserRole } from "../../core/enums.js";
import { CallError, ErrorCode, asCallError } from "../../core/errors.js";
import { unknownUser, viewOf, type User } from "../../core/user.js";
import type { CallView, Dial, Reply } from "../../wire/protocol.js";
import type { CallHost } from "../direct-call/call-host.js";
import { Controller } from "../direct-call/controller.js";
import type { DirectCall } from "../direct-call/direct-call.js";
import type { Link } from "../link/link.js";
import { contain, later } from "../log.js";
import type { CallBook } from "./call-book.js";
import { randomUuid } from "./device-id.js";
import { findHeir } from "./glare.js";
import { inTime } from "./in-time.js";
import { readId, type DialParams } from "./params.js";

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

/** Starts a call. Nothing is called back before the current task is over. */
export function dial(
  desk: DialDesk,
  params: DialParams,
  callback: DialCallback | undefined,
): DirectCall {
  const controller = new Controller(provisional(desk.user, params), desk.host);
  const { call } = controller;
  const tell = (error: Error | null): void => {
    if (typeof callback !== "function") return;
    contain("the callback of dial", () => callback(call, error));
  };
  controller.takeOption(params?.callOption ?? {});
  controller.onDialOver = (error) => {
    tell(error);
    desk.book.dropDial(controller);
  };
  desk.book.dials.add(controller);
  later(() => void place(desk, controller, params, tell));
  return call;
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
    // Whoever dials the one who is calling will most likely answer that call, and what to open
    // is that call's to say: an audio call opens no camera.
    const rings = desk.book.ringingFrom(calleeId) !== undefined;
    if (!rings) await controller.open();
    if (controller.isOver) return;
    if (params.holdActiveCall === true) desk.host.holdOthers(controller);
    const body = dialBody(desk, controller, calleeId);
    const asked = link.request({ verb: "dial", ...body, customItems });
    void asked.then((reply) => {
      if (controller.isOver) endUnwanted(link, reply);
    });
    const reply = await inTime(link, asked);
    if (controller.isOver) return;
    if (reply.error) throw new CallError(reply.error.code, reply.error.message);
    if (!reply.call) throw new CallError(ErrorCode.ERR_WRONG_RESPONSE, "The answer has no call.");
    await bind(desk, controller, link, reply, tell);
  } catch (cause) {
    const error = asCallError(cause, ErrorCode.ERR_REQUEST_FAILED);
    controller.failDial(DirectCallEndResult.DIAL_FAILED, error);
  }
}

/** The dial was done: its object takes its place, as the caller or as the one who answers. */
async function bind(
  desk: DialDesk,
  controller: Controller,
  link: Link,
  reply: Reply,
  tell: (error: Error | null) => void,
): Promise<void> {
  const { call } = reply;
  if (!call) return;
  const isAnswer = call.myRole === DirectCallUserRole.CALLEE;
  const heir = isAnswer ? findHeir(desk.book, desk.host, controller, call) : controller;
  try {
    await heir.open();
  } catch (cause) {
    endUnwanted(link, reply);
    throw cause;
  }
  if (controller.isOver) return endUnwanted(link, reply);
  controller.onDialOver = undefined;
  if (isAnswer) desk.book.bindAnswer(heir, controller, call, () => tell(null));
  else desk.book.bind(controller, call, () => tell(null));
}

/** The server made the call, but the person ended it before: nobody shall be rung by it. */
function endUnwanted(link: Link, { call }: Reply): void {
  if (call && call.state !== "ended") void link.request({ verb: "end", callId: call.callId });
}

function dialBody(
  { ringingTimeoutSecs, connectionTimeoutSecs }: DialDesk,
  controller: Controller,
  calleeId: string,
): Omit<Dial, "customItems"> {
  return {
    dialKey: randomUuid(),
    calleeId,
    isVideoCall: controller.view.isVideoCall,
    settings: controller.settingsToDial(),
    ...(ringingTimeoutSecs === undefined ? {} : { ringingTimeoutSecs }),
    ...(connectionTimeoutSecs === undefined ? {} : { connectionTimeoutSecs }),
  };
}

/** The call as far as it is known before the server answers. */
function provisional(user: User | null, params: DialParams): CallView {
  const isVideoCall = Boolean(params?.isVideoCall);
  const settings = { audioEnabled: true, videoEnabled: isVideoCall, onHold: false, revision: 0 };
  const callee = params?.userId;
  return {
    callId: "",
    version: -1,
    state: "ringing",
    isVideoCall,
    caller: user ? viewOf(user) : unknownUser(""),
    callee: unknownUser(callee === undefined || callee === null ? "" : String(callee)),
    myRole: DirectCallUserRole.CALLER,
    customItems: {},
    callerSettings: settings,
    calleeSettings: settings,
    calleeCandidates: "early",
    startedAt: Date.now(),
  };
}
