/** The phone page: one person, one call at a time, through the public SDK only. */
"use strict";

const at = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);

/** How often the page asks the SDK whether its socket is up. */
const CONNECTION_CHECK_MS = 3000;
/** An answer slower than this means that the SDK is still reconnecting. */
const CONNECTION_ANSWER_MS = 1500;

/** The name signed in with, the call on the screen and whether it is up, clocks, the ring. */
const phone = { user: null, call: null, isUp: false, ticking: 0, checking: 0, tone: null };

start();

function start() {
  const served = document.querySelector('meta[name="curlew-app-id"]').content;
  at("app-id").value = query.get("app") || (served.startsWith("{{") ? "" : served);
  if (!at("app-id").value) at("details").open = true;
  at("user").value = query.get("user") || "";
  at("insecure-origin").textContent = location.origin;
  at("insecure").hidden = window.isSecureContext;

  at("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    signIn();
  });
  at("dial").addEventListener("submit", (event) => {
    event.preventDefault();
    dial(event.submitter?.value !== "audio");
  });
  at("accept-video").addEventListener("click", () => accept(true));
  at("accept-audio").addEventListener("click", () => accept(false));
  for (const id of ["decline", "hang-up"]) {
    at(id).addEventListener("click", () => phone.call?.end());
  }
  at("mute").addEventListener("click", toggleMicrophone);
  at("camera").addEventListener("click", toggleCamera);
  at("sign-out").addEventListener("click", signOut);

  if (typeof SendBirdCall === "undefined") {
    showProblem("The call library did not load from /sdk/. Reload the page to try again.");
  } else if (at("user").value && at("app-id").value) {
    signIn();
  }
}

// Signing in and out

async function signIn() {
  const userId = at("user").value.trim();
  const appId = at("app-id").value.trim();
  if (!userId || !appId) return showProblem("A name and an application id are needed.");
  showProblem("");
  at("sign-in-button").disabled = true;
  showConnection("connecting", "Connecting…");
  try {
    SendBirdCall.init(appId);
    SendBirdCall.addListener("phone", { onRinging });
    await SendBirdCall.authenticate({ userId, accessToken: at("token").value });
    await SendBirdCall.connectWebSocket();
  } catch (error) {
    showConnection("failed", "Not connected");
    return showProblem(`Signing in failed: ${error.message}`);
  } finally {
    at("sign-in-button").disabled = false;
  }
  phone.user = userId;
  query.set("user", userId);
  history.replaceState(null, "", `?${query}`);
  document.title = `${userId} · Curlew phone`;
  showConnection("connected", `Connected as ${userId}`);
  phone.checking = setInterval(checkConnection, CONNECTION_CHECK_MS);
  if (!phone.call) showStage("ready");
  at("callee").focus();
}

function signOut() {
  clearInterval(phone.checking);
  SendBirdCall.deauthenticate();
  phone.user = null;
  query.delete("user");
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  document.title = "Curlew phone";
  showConnection("signed-out", "Not signed in");
  showStage("signed-out");
  at("user").focus();
}

/** `connectWebSocket` answers at once while the socket is up, and waits while it is not. */
async function checkConnection() {
  const slow = new Promise((resolve) => setTimeout(resolve, CONNECTION_ANSWER_MS, false));
  const up = SendBirdCall.connectWebSocket().then(() => true, () => false);
  const connected = await Promise.race([up, slow]);
  if (!phone.user) return;
  if (connected) showConnection("connected", `Connected as ${phone.user}`);
  else showConnection("lost", "Connection lost, trying again…");
}

// Calls

function onRinging(call) {
  // The call that rings counts itself, so "more than one" is "already in a call".
  if (SendBirdCall.getOngoingCallCount() > 1) return call.end();
  if (call.endResult) return undefined;
  follow(call);
  at("ring-kind").textContent = call.isVideoCall ? "Incoming video call" : "Incoming audio call";
  at("ring-title").textContent = nameOf(call.remoteUser);
  at("accept-video").hidden = !call.isVideoCall;
  at("accept-audio").textContent = call.isVideoCall ? "Accept, audio only" : "Accept";
  showStage("ringing");
  startTone();
  return at(call.isVideoCall ? "accept-video" : "accept-audio").focus();
}

function dial(isVideoCall) {
  const userId = at("callee").value.trim();
  if (!userId) return;
  const callOption = views(isVideoCall, true);
  const call = SendBirdCall.dial({ userId, isVideoCall, callOption }, (_, error) => {
    if (error) showProblem(`The call could not be placed: ${error.message}`);
  });
  follow(call);
  showCall(call, userId);
  at("call-state").textContent = "Calling…";
  at("hang-up").focus();
}

function accept(withVideo) {
  const { call } = phone;
  if (!call) return;
  stopTone();
  showCall(call, nameOf(call.remoteUser));
  at("call-state").textContent = "Connecting…";
  call.accept({ callOption: views(call.isVideoCall, withVideo) });
  at("hang-up").focus();
}

/** Where the SDK plays: the page's own elements, video or audio by the kind of call. */
function views(isVideoCall, videoEnabled) {
  return {
    localMediaView: isVideoCall ? at("local-video") : null,
    remoteMediaView: at(isVideoCall ? "remote-video" : "remote-audio"),
    audioEnabled: true,
    videoEnabled: isVideoCall && videoEnabled,
  };
}

function follow(call) {
  phone.call = call;
  phone.isUp = false;
  showProblem("");
  at("outcome").textContent = "";
  at("outcome").dataset.result = "";
  const sayState = (text) => () => { at("call-state").textContent = text; };
  call.onEstablished = () => {
    startClock(call);
    sayState("Connecting…")();
  };
  call.onConnected = () => {
    phone.isUp = true;
    sayState("Connected")();
    showMedia(call);
  };
  call.onReconnecting = sayState("Reconnecting…");
  call.onReconnected = sayState("Connected");
  call.onRemoteAudioSettingsChanged = showMedia;
  call.onRemoteVideoSettingsChanged = showMedia;
  call.onEnded = onEnded;
}

function onEnded(call) {
  stopTone();
  clearInterval(phone.ticking);
  phone.call = null;
  at("outcome").textContent = endedInWords(call);
  at("outcome").dataset.result = call.endResult || "";
  at("outcome").dataset.duration = String(call.getDuration());
  at("outcome").dataset.callId = call.callId || "";
  showStage(phone.user ? "ready" : "signed-out");
  if (phone.user) at("callee").focus();
}

function endedInWords(call) {
  const who = nameOf(call.remoteUser) || at("peer").textContent || "The other person";
  const outgoing = call.myRole === "dc_caller";
  const mine = call.endedBy && call.localUser && call.endedBy.userId === call.localUser.userId;
  const length = clock(call.getDuration());
  switch (String(call.endResult).toUpperCase()) {
    case "COMPLETED":
      return `${mine ? "You" : who} hung up after ${length}.`;
    case "CANCELED":
      return outgoing ? `You cancelled the call to ${who}.`
        : `${who} hung up before you answered.`;
    case "DECLINED":
      return outgoing ? `${who} declined the call.` : `You declined the call from ${who}.`;
    case "NO_ANSWER":
      return outgoing ? `${who} did not answer.` : `You missed a call from ${who}.`;
    case "OTHER_DEVICE_ACCEPTED":
      return "You answered on another device.";
    case "NOT_CONNECTED":
      return "The call ended before sound and picture came through.";
    case "TIMED_OUT":
      return "The call was answered, but no connection between you could be made in time.";
    case "CONNECTION_LOST":
      return `The connection to ${who} was lost after ${length}.`;
    case "DIAL_FAILED":
      return `The call to ${who} could not be placed.`;
    case "ACCEPT_FAILED":
      return `The call from ${who} could not be answered.`;
    default:
      return `The call with ${who} was interrupted.`;
  }
}

function toggleMicrophone() {
  const { call } = phone;
  if (!call) return;
  if (call.isLocalAudioEnabled) call.muteMicrophone();
  else call.unmuteMicrophone();
  showMedia(call);
}

async function toggleCamera() {
  const { call } = phone;
  if (!call) return;
  try {
    await (call.isLocalVideoEnabled ? call.stopVideo() : call.startVideo());
  } catch (error) {
    showProblem(`The camera could not be switched: ${error.message}`);
  }
  if (phone.call) showMedia(phone.call);
}

// What is on the screen

/** One of signed-out, ready, ringing, call: decides which cards are there. */
function showStage(stage) {
  document.body.dataset.stage = stage;
  at("sign-in").hidden = stage !== "signed-out";
  at("dial").hidden = stage !== "ready";
  at("ring").hidden = stage !== "ringing";
  at("call").hidden = stage !== "call";
  at("sign-out").hidden = stage !== "ready";
}

function showCall(call, who) {
  at("peer").textContent = who;
  at("avatar").textContent = [...who][0]?.toUpperCase() || "?";
  at("duration").hidden = true;
  at("stage").dataset.kind = call.isVideoCall ? "video" : "audio";
  at("camera").hidden = !call.isVideoCall;
  showStage("call");
  showMedia(call);
}

function showMedia(call) {
  const microphone = call.isLocalAudioEnabled !== false;
  const camera = call.isLocalVideoEnabled !== false;
  const theirs = nameOf(call.remoteUser) || "The other person";
  at("mute").textContent = microphone ? "Mute" : "Unmute";
  at("mute").setAttribute("aria-pressed", String(!microphone));
  at("camera").textContent = camera ? "Camera off" : "Camera on";
  at("camera").setAttribute("aria-pressed", String(!camera));
  at("stage").dataset.localVideo = camera ? "on" : "off";
  const theirPicture = phone.isUp && call.isRemoteVideoEnabled !== false;
  at("stage").dataset.remoteVideo = theirPicture ? "on" : "off";
  const silent = call.isRemoteAudioEnabled === false;
  at("remote-muted").textContent = silent ? `${theirs} is muted` : "";
  at("remote-muted").hidden = !silent;
}

function startClock(call) {
  clearInterval(phone.ticking);
  const tick = () => { at("duration").textContent = clock(call.getDuration()); };
  at("duration").hidden = false;
  tick();
  phone.ticking = setInterval(tick, 500);
}

function showConnection(state, text) {
  const pill = at("connection");
  pill.dataset.state = state;
  // Writing the same words again would make a screen reader say them again.
  if (pill.textContent !== text) pill.textContent = text;
}

function showProblem(text) {
  at("problem").textContent = text;
}

function nameOf(user) {
  return user ? user.nickname || user.userId : "";
}

function clock(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const short = `${minutes}:${two(seconds % 60)}`;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : short;
}

// The ring one hears

function startTone() {
  stopTone();
  try {
    const context = new AudioContext();
    const volume = new GainNode(context, { gain: 0 });
    const note = new OscillatorNode(context, { frequency: 520 });
    note.connect(volume).connect(context.destination);
    note.start();
    // Two short notes every three seconds, for the longest ring there is.
    for (let second = 0; second < 120; second += 3) {
      for (const offset of [0, 0.35]) {
        const begin = context.currentTime + second + offset;
        volume.gain.setTargetAtTime(0.15, begin, 0.02);
        volume.gain.setTargetAtTime(0, begin + 0.2, 0.03);
      }
    }
    phone.tone = context;
  } catch {
    // No sound device, or none allowed before a click: the ring is still on the screen.
    phone.tone = null;
  }
}

function stopTone() {
  phone.tone?.close().catch(() => undefined);
  phone.tone = null;
}
