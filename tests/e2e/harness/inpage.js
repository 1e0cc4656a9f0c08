/** Runs in every page before its own scripts: records what happened, so that tests can wait. */
(() => {
  const seen = { events: [], peers: [], tracks: [], captures: [], unhandled: [], waiting: [] };
  window.e2e = seen;

  window.addEventListener("unhandledrejection", (event) => {
    seen.unhandled.push(String(event.reason?.message ?? event.reason));
  });
  window.addEventListener("error", (event) => seen.unhandled.push(String(event.message)));

  const Native = window.RTCPeerConnection;
  if (Native) {
    window.RTCPeerConnection = class extends Native {
      constructor(...args) {
        super(...args);
        seen.peers.push(this);
      }
    };
  }
  const devices = navigator.mediaDevices;
  if (devices) {
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (constraints) => {
      seen.captures.push({ audio: !!constraints.audio, video: !!constraints.video });
      const stream = await open(constraints);
      seen.tracks.push(...stream.getTracks());
      return stream;
    };
  }

  /** Notes an event and wakes whoever waits for one. */
  seen.note = (name, call, more = {}) => {
    seen.events.push({ name, at: performance.now(), ...(call ? seen.view(call) : {}), ...more });
    for (const check of [...seen.waiting]) check();
  };

  seen.count = (name) => seen.events.filter((event) => event.name === name).length;

  /** Resolves with the n-th event of a name, or fails with everything that did happen. */
  seen.wait = (name, nth, timeout) => new Promise((settle, refuse) => {
    const names = () => seen.events.map((event) => event.name).join(", ");
    const leave = () => {
      clearTimeout(timer);
      seen.waiting.splice(seen.waiting.indexOf(check), 1);
    };
    const timer = setTimeout(() => {
      leave();
      refuse(new Error(`no ${name} #${nth} within ${timeout} ms; seen: ${names() || "nothing"}`));
    }, timeout);
    const check = () => {
      const found = seen.events.filter((event) => event.name === name)[nth - 1];
      if (!found) return;
      leave();
      settle(found);
    };
    seen.waiting.push(check);
    check();
  });

  /** The plain facts of a call. */
  seen.view = (call) => ({
    callId: call.callId,
    caller: call.caller?.userId,
    callee: call.callee?.userId,
    remoteUser: call.remoteUser?.userId,
    myRole: call.myRole,
    isVideoCall: call.isVideoCall,
    isEnded: call.isEnded,
    isOngoing: call.isOngoing,
    endResult: call.endResult || null,
    endedBy: call.endedBy?.userId ?? null,
    duration: call.getDuration(),
    isLocalAudioEnabled: call.isLocalAudioEnabled,
    isLocalVideoEnabled: call.isLocalVideoEnabled,
    isRemoteAudioEnabled: call.isRemoteAudioEnabled,
    isRemoteVideoEnabled: call.isRemoteVideoEnabled,
  });

  /** Records every event of a call under `side.name`, `side` being "out" or "in". */
  seen.follow = (call, side) => {
    seen[side] = call;
    for (const name of ["Established", "Connected", "Reconnecting", "Reconnected", "Ended",
      "RemoteAudioSettingsChanged", "RemoteVideoSettingsChanged", "UserHoldStatusChanged"]) {
      call[`on${name}`] = (given) => seen.note(`${side}.${name}`, given);
    }
  };

  seen.listen = (id = "e2e") => {
    SendBirdCall.addListener(id, {
      onRinging: (call) => {
        seen.follow(call, "in");
        seen.note("ringing", call);
      },
    });
  };

  seen.views = () => ({
    localMediaView: document.getElementById("local"),
    remoteMediaView: document.getElementById("remote"),
  });

  /** Sums of the counters of every open peer connection. */
  seen.media = async () => {
    const sum = { framesDecoded: 0, audioPackets: 0, videoPackets: 0, audioEnergy: 0 };
    for (const peer of seen.peers) {
      if (peer.connectionState === "closed") continue;
      for (const report of (await peer.getStats()).values()) {
        if (report.type !== "inbound-rtp") continue;
        if (report.kind === "video") {
          sum.framesDecoded += report.framesDecoded ?? 0;
          sum.videoPackets += report.packetsReceived ?? 0;
        } else {
          sum.audioPackets += report.packetsReceived ?? 0;
          sum.audioEnergy += report.totalAudioEnergy ?? 0;
        }
      }
    }
    return sum;
  };

  /** A connection in a line: what a failure has to tell. */
  seen.says = async (peer) => {
    const tracks = peer.getSenders().map(({ track }) => track
      && `${track.kind} ${track.readyState}${track.muted ? " muted" : ""}`);
    let sent = 0;
    for (const report of (await peer.getStats()).values()) {
      if (report.type === "outbound-rtp") sent += report.packetsSent;
    }
    const state = `${peer.connectionState}, ${peer.signalingState}`;
    return `${state}, sends [${tracks}], ${sent} packets so far`;
  };

  /** Resolves once each named counter has risen by its amount since now. */
  seen.rises = async (wanted, timeout) => {
    const begin = await seen.media();
    const until = performance.now() + timeout;
    for (;;) {
      const now = await seen.media();
      if (Object.entries(wanted).every(([key, by]) => now[key] - begin[key] >= by)) return now;
      if (performance.now() > until) {
        throw new Error(`media did not rise by ${JSON.stringify(wanted)} within ${timeout} ms: `
          + `${JSON.stringify(begin)} to ${JSON.stringify(now)}, `
          + `${(await Promise.all(seen.peers.map(seen.says))).join("; ")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  /** What still captures or is still connected: nothing may be after a call (P12). */
  seen.leftovers = () => ({
    tracks: seen.tracks.filter((track) => track.readyState === "live").length,
    peers: seen.peers.filter((peer) => peer.connectionState !== "closed").length,
  });

  /** Resolves once nothing is left over. */
  seen.clean = async (timeout = 3000) => {
    const until = performance.now() + timeout;
    for (;;) {
      const left = seen.leftovers();
      if (left.tracks + left.peers === 0) return;
      if (performance.now() > until) throw new Error(`left over: ${JSON.stringify(left)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
})();
