/** The package: named exports, the same as members of the default export. */

import * as api from "./browser/api.js";
import { DirectCallLogListQuery } from "./browser/client/log-query.js";
import { DirectCall } from "./browser/direct-call/direct-call.js";
import * as enums from "./core/enums.js";
import { ErrorCode } from "./core/errors.js";
import { DirectCallUser, User } from "./core/user.js";

export {
  addListener,
  authenticate,
  connectWebSocket,
  createDirectCallLogListQuery,
  deauthenticate,
  deleteAllCustomItems,
  deleteCustomItems,
  dial,
  getCall,
  getOngoingCallCount,
  getOngoingCalls,
  handleWebhookData,
  init,
  removeAllListeners,
  removeListener,
  sdkVersion,
  setCallConnectionTimeout,
  setLoggerLevel,
  setRingingTimeout,
  updateCustomItems,
} from "./browser/api.js";
export * from "./core/enums.js";
export { ErrorCode } from "./core/errors.js";
export { DirectCall, DirectCallLogListQuery, DirectCallUser, User };

/** The signed-in user: a live binding, so an application may import it before signing in. */
export let currentUser: User | null = null;
/** The application's id: a live binding too. */
export let appId: string | null = null;

api.client.onIdentity = () => {
  currentUser = api.client.user;
  appId = api.client.appId;
};

const { client: _client, ...functions } = api;

/** The documented default export. */
const SendBirdCall = {
  ...functions,
  ...enums,
  ErrorCode,
  DirectCall,
  DirectCallLogListQuery,
  DirectCallUser,
  User,
  get currentUser(): User | null {
    return api.client.user;
  },
  get appId(): string | null {
    return api.client.appId;
  },
};

export default SendBirdCall;
