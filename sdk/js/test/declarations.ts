/** Type checks only: the declarations match the code, as values, as types and as a namespace. */

import type * as Code from "../src/index.js";
import type * as Named from "../types/curlew.js";
import SendBirdCall, { LoggerLevel, type DirectCall, type User } from "../types/curlew.js";

/** Every value that is declared exists in the code, and the other way round. */
type Declared = Exclude<keyof typeof Named, "default">;
type Built = Exclude<keyof typeof Code, "default">;
const nothingIsMissing: [Exclude<Declared, Built>, Exclude<Built, Declared>] extends [never, never]
  ? true
  : false = true;

/** The ways in which applications write their types. */
function use(call: SendBirdCall.DirectCall, user: User): DirectCall {
  SendBirdCall.setLoggerLevel(LoggerLevel.NONE);
  SendBirdCall.addListener(1, { onRinging: (rung) => rung.accept({ callOption: null }) });
  void SendBirdCall.authenticate({ userId: user.userId, accessToken: null }, (result, error) => {
    call.onEnded = (given) => void [given.endResult, result?.nickname, error?.code];
  });
  return call;
}

export const checked = { use, nothingIsMissing };
