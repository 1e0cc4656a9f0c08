/** The HTTP requests of the SDK: to open a session, to close it, and to read the log of calls. */

import { CallError, ErrorCode } from "../core/errors.js";
import type { CallLogPage, CreateSession, SessionCreated } from "../wire/protocol.js";

/** Opens a session. Fails with a {@link CallError} whose message is never empty. */
export async function createSession(
  server: string,
  body: CreateSession,
): Promise<SessionCreated> {
  const answer = await send(server, "/v1/sessions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!isSession(answer)) {
    throw new CallError(
      ErrorCode.ERR_MALFORMED_DATA,
      `The answer of ${server} is not a session; is a Curlew server there?`,
    );
  }
  return answer;
}

/** Reads a page of the signed-in user's log. Fails with a {@link CallError}. */
export async function fetchLogPage(
  server: string,
  sessionKey: string,
  query: URLSearchParams,
): Promise<CallLogPage> {
  const path = `/v1/sessions/current/direct_calls?${query.toString()}`;
  const headers = { authorization: `Bearer ${sessionKey}` };
  const answer = await send(server, path, { method: "GET", headers });
  if (!isLogPage(answer)) {
    throw new CallError(ErrorCode.ERR_MALFORMED_DATA, "The answer is not a page of the log.");
  }
  return answer;
}

/** Closes a session; `keepalive` lets the request outlive the page. */
export function dropSession(server: string, sessionKey: string): void {
  fetch(`${server}/v1/sessions/current`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${sessionKey}` },
    keepalive: true,
  }).catch(() => {
    // The server forgets a session whose device stays away, so nothing is left to do.
  });
}

async function send(server: string, path: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(`${server}${path}`, init);
  } catch {
    throw new CallError(ErrorCode.ERR_REQUEST_FAILED, `The server at ${server} did not answer.`);
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw refusal(response.status, answer);
  return answer;
}

function refusal(status: number, answer: unknown): CallError {
  const { code, message } = (answer ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === "number" && typeof message === "string") return new CallError(code, message);
  const fallback = status >= 500 ? ErrorCode.INTERNAL_SERVER_ERROR : ErrorCode.ERR_REQUEST_FAILED;
  return new CallError(fallback, `The server refused the request with HTTP status ${status}.`);
}

function isSession(answer: unknown): answer is SessionCreated {
  const { sessionKey, user } = (answer ?? {}) as Partial<SessionCreated>;
  return typeof sessionKey === "string" && typeof user?.userId === "string";
}

function isLogPage(answer: unknown): answer is CallLogPage {
  const { calls, next } = (answer ?? {}) as { calls?: unknown; next?: unknown };
  if (!Array.isArray(calls) || typeof next !== "string") return false;
  return calls.every((one) => typeof (one as { callId?: unknown } | null)?.callId === "string");
}
