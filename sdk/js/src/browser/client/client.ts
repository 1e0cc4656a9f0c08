/** The SDK's one client: who is signed in where, and the wiring of its parts. */

import {
  CallError,
  ErrorCode,
  asCallError,
  notAuthenticated,
  notInitialized,
} from "../../core/errors.js";
import { User } from "../../core/user.js";
import type { Verb } from "../../wire/protocol.js";
import { answer, type Callback } from "../callback.js";
import type { CallHost } from "../direct-call/call-host.js";
import {
  deleteAllItems,
  deleteItems,
  updateItems,
  type CustomItemsResult,
} from "../direct-call/custom-items.js";
import type { DirectCall } from "../direct-call/direct-call.js";
import { findServer, surroundings, type Server } from "../hosts.js";
import { createSession, dropSession, fetchLogPage } from "../http.js";
import { Link } from "../link/link.js";
import { logWarning } from "../log.js";
import { QuietPromise, deferred, type Deferred } from "../quiet-promise.js";
import { CallBook } from "./call-book.js";
import { randomUuid } from "./device-id.js";
import { dial, type DialCallback } from "./dialing.js";
import { askInTime } from "./in-time.js";
import { Listeners } from "./listeners.js";
import type { DirectCallLogListQueryParams } from "./log-params.js";
import { createLogQuery, type DirectCallLogListQuery, type LogDesk } from "./log-query.js";
import { watchPage } from "./page-life.js";
import { readId, readSeconds, readToken, type AuthOption, type DialParams } from "./params.js";
import { readWebhookData } from "./webhook-data.js";

/** A signed-in device. */
interface SignedIn {
  readonly server: Server;
  readonly sessionKey: string;
  readonly user: User;
  readonly link: Link;
}

/** `connectWebSocket` fails after this time; the attempts go on. */
const CONNECT_LIMIT_MS = 10_000;

/** One client; the package makes exactly one. */
export class Client {
  readonly listeners = new Listeners();
  /** Called whenever `appId` or `currentUser` changed. */
  onIdentity: () => void = () => undefined;
  private server: Server | undefined;
  private signedIn: SignedIn | undefined;
  private signIns: Promise<unknown> = Promise.resolve();
  private readonly waiting = new Set<Pick<Deferred<never>, "reject">>();
  private generation = 0;
  private deviceId = "";
  private ringingTimeoutSecs: number | undefined;
  private connectionTimeoutSecs: number | undefined;
  private readonly host: CallHost = {
    request: (body) => {
      const { signedIn } = this;
      return signedIn ? signedIn.link.request(body) : QuietPromise.reject(notAuthenticated());
    },
    ask: async (body: Verb) => askInTime(this.startLink(), body),
    oneShot: (body) => this.signedIn?.link.oneShot(body),
    take: (view) => this.book.takeReply(view),
    takeSettings: (callId, side, settings) => this.book.takeSettings(callId, side, settings),
    endHere: (callId, result, by) => this.book.endHere(callId, result, by),
    known: (callId) => this.book.controller(callId)?.view,
    othersActive: (than) => this.book.all().some((one) => one !== than && one.isActive),
    holdOthers: (than) => {
      for (const one of this.book.all()) if (one !== than && one.isActive) one.media.setHold(true);
    },
  };
  private readonly book = new CallBook(this.listeners, this.host);

  constructor(private readonly scriptUrl: string | undefined) {
    watchPage({
      gone: () => this.signOut("The page was closed."),
      networkChanged: () => this.book.networkChanged(),
    });
  }

  get appId(): string | null {
    return this.server?.appId ?? null;
  }

  get user(): User | null {
    return this.signedIn?.user ?? null;
  }

  /** Points the SDK at an application. The same one again changes nothing. */
  init(appId: unknown, apiHost?: string, websocketHost?: string): void {
    const id = readId(appId, "appId");
    if (!globalThis.RTCPeerConnection || !globalThis.WebSocket) {
      throw new CallError(
        ErrorCode.INSTANCE_NOT_INITIALIZED,
        "SendBirdCall.init needs a browser with WebRTC and WebSocket; importing works anywhere.",
      );
    }
    const found = findServer(id, apiHost, websocketHost, surroundings(this.scriptUrl));
    if (!found) {
      const text = "No server: pass apiHost to init, set CURLEW_HOST or <meta name=curlew-host>.";
      throw new CallError(ErrorCode.INVALID_PARAMETER_VALUE, text);
    }
    if (this.server?.appId === found.appId) return;
    if (this.server) this.signOut("The SDK was initialised with another application.");
    this.server = found;
    this.onIdentity();
  }

  /** Signs a user in; sign-ins run one after another. */
  authenticate(option: AuthOption, callback?: Callback<User>): Promise<User> {
    const done = deferred<User>();
    this.waiting.add(done);
    const { generation, server } = this;
    this.signIns = this.signIns.then(async () => {
      try {
        done.resolve(await this.signIn(generation, server, option));
      } catch (cause) {
        done.reject(asCallError(cause, ErrorCode.ERR_REQUEST_FAILED));
      }
      this.waiting.delete(done);
    });
    return answer(done.promise, callback);
  }

  /** Connects; waits for a pending sign-in. Its promise never counts as unhandled. */
  connectWebSocket(): Promise<void> {
    const done = deferred<void>();
    this.waiting.add(done);
    const { generation } = this;
    const run = async (): Promise<void> => {
      if (!this.server) throw notInitialized();
      await this.signIns;
      if (generation !== this.generation) return;
      const opened = this.openLink().start();
      const limit = setTimeout(() => {
        const text = "The server did not open the connection in time; the SDK keeps trying.";
        done.reject(new CallError(ErrorCode.WS_CONNECTION_FAILED, text));
      }, CONNECT_LIMIT_MS);
      await opened.finally(() => clearTimeout(limit));
    };
    const settled = run().then(done.resolve, done.reject);
    void settled.then(() => this.waiting.delete(done));
    return done.promise;
  }

  /** Signs out: calls end, media stops, nothing stays pending; listeners stay. */
  deauthenticate(): void {
    this.signOut("Signed out.");
  }

  dial(params: DialParams, callback?: DialCallback): DirectCall {
    const { book, host, user, ringingTimeoutSecs, connectionTimeoutSecs } = this;
    const link = (): Link => this.startLink();
    const desk = { book, host, user, ringingTimeoutSecs, connectionTimeoutSecs, link };
    return dial(desk, params, callback);
  }

  getCall(callId: string): DirectCall | null {
    return this.book.get(callId);
  }

  getOngoingCalls(): DirectCall[] {
    return this.book.ongoing();
  }

  /** Sets custom items of any call that the user took part in. */
  updateCustomItems(
    callId: string,
    items: { [key: string]: string },
    callback?: Callback<CustomItemsResult>,
  ): Promise<CustomItemsResult> {
    return updateItems(this.host, callId, items, callback);
  }

  deleteCustomItems(
    callId: string,
    keys: string[],
    callback?: Callback<CustomItemsResult>,
  ): Promise<CustomItemsResult> {
    return deleteItems(this.host, callId, keys, callback);
  }

  deleteAllCustomItems(
    callId: string,
    callback?: Callback<CustomItemsResult>,
  ): Promise<CustomItemsResult> {
    return deleteAllItems(this.host, callId, callback);
  }

  createLogQuery(params?: DirectCallLogListQueryParams | null): DirectCallLogListQuery {
    return createLogQuery(() => this.logDesk(), params);
  }

  /**
   * Takes the data of a webhook or push: makes sure that this device is connected, whereupon the
   * server rings it if the call still rings. Throws 1800300 or 1800301 for data without a call,
   * 1800302 before `init`, 1800303 if nobody is signed in.
   */
  handleWebhookData(data: unknown): void {
    const callId = readWebhookData(data);
    if (!this.server) throw notInitialized();
    if (this.book.get(callId)) return;
    if (this.signedIn) return void this.wakeLink();
    if (this.waiting.size === 0) throw notAuthenticated();
    const { generation } = this;
    void this.signIns.then(() => {
      if (generation === this.generation && this.signedIn) this.wakeLink();
    });
  }

  setRingingTimeout(seconds: number): void {
    this.ringingTimeoutSecs = readSeconds(seconds, "The ringing time-out");
  }

  setCallConnectionTimeout(seconds: number): void {
    this.connectionTimeoutSecs = readSeconds(seconds, "The connection time-out");
  }

  /** The link of the signed-in device, or the documented refusal. */
  private openLink(): Link {
    if (!this.server) throw notInitialized();
    if (!this.signedIn) throw notAuthenticated();
    return this.signedIn.link;
  }

  /** The same, connecting if it does not yet. */
  private startLink(): Link {
    const link = this.openLink();
    void link.start();
    return link;
  }

  /** A connection that only seems open, as after a sleep, is tested at once. */
  private wakeLink(): void {
    this.startLink().checkNow();
  }

  private logDesk(): LogDesk {
    const { server, signedIn } = this;
    return {
      isInitialized: server !== undefined,
      userId: signedIn?.user.userId ?? null,
      fetchPage: (query) => {
        if (!signedIn) throw notAuthenticated();
        return fetchLogPage(signedIn.server.http, signedIn.sessionKey, query);
      },
    };
  }

  private async signIn(
    generation: number,
    server: Server | undefined,
    option: AuthOption,
  ): Promise<User> {
    if (!server) throw notInitialized();
    const userId = readId(option?.userId, "userId");
    const accessToken = readToken(option.accessToken);
    this.assertCurrent(generation);
    this.deviceId ||= randomUuid();
    const { appId } = server;
    const token = accessToken ? { accessToken } : {};
    const body = { appId, userId, deviceId: this.deviceId, ...token };
    const { sessionKey, user } = await createSession(server.http, body);
    if (generation !== this.generation) dropSession(server.http, sessionKey);
    this.assertCurrent(generation);
    this.adopt(server, sessionKey, new User(user));
    return this.user ?? new User(user);
  }

  private assertCurrent(generation: number): void {
    if (generation !== this.generation) throw notAuthenticated("Signed out meanwhile.");
  }

  /** The same user keeps the one connection and its calls; another one replaces all. */
  private adopt(server: Server, sessionKey: string, user: User): void {
    const before = this.signedIn;
    if (before && before.user.userId !== user.userId) {
      this.forgetSession(notAuthenticated("Another user signed in."));
      dropSession(before.server.http, before.sessionKey);
    }
    const link = this.signedIn?.link ?? this.makeLink(server);
    this.signedIn = { server, sessionKey, user, link };
    this.onIdentity();
  }

  private makeLink(server: Server): Link {
    return new Link(server.socket, {
      sessionKey: () => this.signedIn?.sessionKey ?? "",
      knownCalls: () => this.book.known(),
      onWelcome: (welcome) => {
        const { signedIn } = this;
        if (signedIn && JSON.stringify(new User(welcome.user)) !== JSON.stringify(signedIn.user)) {
          this.signedIn = { ...signedIn, user: new User(welcome.user) };
          this.onIdentity();
        }
        this.book.handleWelcome(welcome.resumed);
      },
      onEvent: (body, named) => this.book.handleEvent(body, named),
      onSessionOver: (message) => {
        logWarning(message);
        this.forgetSession(notAuthenticated(message));
      },
    });
  }

  private signOut(why: string): void {
    this.generation++;
    // A sign-in that hangs shall not hold up the next one; the generation tells it to give up.
    this.signIns = Promise.resolve();
    const { signedIn } = this;
    const reason = notAuthenticated(why);
    this.forgetSession(reason);
    if (signedIn) dropSession(signedIn.server.http, signedIn.sessionKey);
    for (const one of this.waiting) one.reject(reason);
    this.waiting.clear();
  }

  private forgetSession(reason: CallError): void {
    const { signedIn } = this;
    this.signedIn = undefined;
    this.book.clear(reason);
    signedIn?.link.stop(reason);
    this.onIdentity();
  }
}
