/** Type checks only: the declarations match the code, as values, as types and as a namespace. */

import type * as Code from "../src/index.js";
import type * as Named from "../types/curlew.js";
import SendBirdCall, {
  LoggerLevel,
  type DirectCall,
  type DirectCallLog,
  type DirectCallLogListQuery,
  type User,
} from "../types/curlew.js";

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
  call.onUserHoldStatusChanged = (given, isLocal, isOn) => void [given.isOnHold, isLocal, isOn];
  call.onCustomItemsUpdated = (given, keys) => void [given.customItems, keys.length];
  call.onReachChanged = (given) => void [given.reach.devices, given.ringingDevices];
  void call.unhold(true).then(() => call.hold());
  void call.updateCustomItems({ a: "1" }).then(({ affectedKeys }) => affectedKeys.length);
  SendBirdCall.handleWebhookData({ call_id: call.callId });
  void SendBirdCall.authenticate({ userId: user.userId, accessToken: null }, (result, error) => {
    call.onEnded = (given) => void [given.endResult, result?.nickname, error?.code];
  });
  return call;
}

/** Members of a class that is declared and of the one that is built. */
type Members<Class extends { prototype: unknown }> = keyof Class["prototype"];
type Internal = `_${string}`;
type Apart<A, B> = [Exclude<Exclude<A, B>, Internal>, Exclude<Exclude<B, A>, Internal>];
const callIsTheSame: Apart<
  Members<typeof Named.DirectCall>,
  Members<typeof Code.DirectCall>
> extends [never, never]
  ? true
  : false = true;

/** The documented way through the log of calls, by promise and by callback. */
async function readLog(): Promise<DirectCallLog[]> {
  const query: DirectCallLogListQuery = SendBirdCall.createDirectCallLogListQuery({
    myRole: "dc_callee",
    endResults: ["COMPLETED"],
    limit: 100,
  });
  const logs: DirectCallLog[] = [];
  while (query.hasNext && !query.isLoading) {
    const page = await query.next((given, error) => void [given?.length, error?.code]);
    logs.push(...page.filter((log) => log.isFromServer && log.userRole === log.myRole));
  }
  return logs;
}

export const checked = { use, readLog, nothingIsMissing, callIsTheSame };
