/** The script-tag build: the global `SendBirdCall` is the default export itself. */

import SendBirdCall from "./index.js";

(globalThis as { SendBirdCall?: unknown }).SendBirdCall = SendBirdCall;
