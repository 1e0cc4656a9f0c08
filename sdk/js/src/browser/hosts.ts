/** Where the server is: the order in which the SDK looks for it. */

/** Where to send requests and open the socket. */
export interface Server {
  /** The app id without a host part. */
  readonly appId: string;
  /** For example `https://calls.example`, without a slash at the end. */
  readonly http: string;
  /** The socket's full address. */
  readonly socket: string;
}

/** What the surroundings say; all of it may be absent. */
export interface Surroundings {
  /** `globalThis.CURLEW_HOST`. */
  readonly host?: string | undefined;
  /** The content of `<meta name="curlew-host">`. */
  readonly meta?: string | undefined;
  /** The origin that served the SDK's script. */
  readonly scriptOrigin?: string | undefined;
  /** The page's origin. */
  readonly pageOrigin?: string | undefined;
}

/**
 * The arguments of `init`; an app id of the form `APP_ID@host[:port]`; `CURLEW_HOST`; the meta
 * element; the script's origin; the page's origin. The first that is there is taken. Undefined
 * if there is none.
 */
export function findServer(
  appId: string,
  apiHost: string | undefined,
  websocketHost: string | undefined,
  around: Surroundings,
): Server | undefined {
  const at = appId.lastIndexOf("@");
  const pure = at > 0 ? appId.slice(0, at) : appId;
  const inAppId = at > 0 ? appId.slice(at + 1) : "";
  const secure = around.pageOrigin === undefined || !around.pageOrigin.startsWith("http:");
  const host =
    apiHost ||
    websocketHost ||
    inAppId ||
    around.host ||
    around.meta ||
    around.scriptOrigin ||
    around.pageOrigin;
  if (!host) return undefined;
  const http = origin(host, secure);
  const socket = origin(websocketHost || http, secure).replace(/^http/, "ws");
  return { appId: pure, http, socket: `${socket}/v1/socket` };
}

const LOCAL = /^(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/;

/** A host with or without scheme, as an http(s) address without a slash at the end. */
function origin(host: string, secure: boolean): string {
  const trimmed = host.trim().replace(/\/+$/, "").replace(/\/v1\/socket$/, "");
  const web = trimmed.replace(/^ws(s?):\/\//i, "http$1://");
  if (/^https?:\/\//i.test(web)) return web;
  return `${LOCAL.test(web) || !secure ? "http" : "https"}://${web}`;
}

/** Reads the surroundings of a page; everything is absent in bare Node. */
export function surroundings(scriptUrl: string | undefined): Surroundings {
  const page = globalThis as { CURLEW_HOST?: unknown; document?: Document; location?: Location };
  const meta = page.document?.querySelector?.('meta[name="curlew-host"]')?.getAttribute("content");
  return {
    host: typeof page.CURLEW_HOST === "string" ? page.CURLEW_HOST : undefined,
    meta: meta ?? undefined,
    scriptOrigin: webOrigin(scriptUrl),
    pageOrigin: webOrigin(page.location?.href),
  };
}

function webOrigin(url: string | undefined): string | undefined {
  if (!url || !/^https?:/i.test(url)) return undefined;
  return new URL(url).origin;
}
