/** The media sections of a connection: the caller offers them, the callee sends on them. */

/** One track of each kind at most. */
export interface Tracks {
  readonly audio?: MediaStreamTrack | undefined;
  readonly video?: MediaStreamTrack | undefined;
}

/** The caller's sections, which exist before there is anything to send on them. */
export function offerSections(
  pc: RTCPeerConnection,
  stream: MediaStream,
  isVideoCall: boolean,
  tracks: Tracks,
): void {
  const init: RTCRtpTransceiverInit = { direction: "sendrecv", streams: [stream] };
  pc.addTransceiver(tracks.audio ?? "audio", init);
  if (isVideoCall) preferVp8(pc.addTransceiver(tracks.video ?? "video", init));
}

/** The callee sends on the first section of a kind; all else, as video in an audio call, is off. */
export async function takeSections(
  pc: RTCPeerConnection,
  stream: MediaStream,
  isVideoCall: boolean,
  tracks: Tracks,
): Promise<void> {
  for (const transceiver of pc.getTransceivers()) {
    const kind = transceiver.receiver.track.kind === "audio" ? "audio" : "video";
    const isUsed = transceiver.sender === senderOf(pc, kind) && (kind === "audio" || isVideoCall);
    const direction = isUsed ? "sendrecv" : "inactive";
    if (transceiver.direction === direction) continue;
    transceiver.direction = direction;
    if (!isUsed) continue;
    transceiver.sender.setStreams?.(stream);
    await transceiver.sender.replaceTrack(tracks[kind] ?? null);
  }
}

/** What sends a kind. */
export function senderOf(pc: RTCPeerConnection, kind: string): RTCRtpSender | undefined {
  return pc.getTransceivers().find((one) => one.receiver.track.kind === kind)?.sender;
}

/** VP8 first, as documented; the others stay as a fallback. */
function preferVp8(transceiver: RTCRtpTransceiver): void {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  const isVp8 = (codec: { mimeType: string }): boolean => codec.mimeType === "video/VP8";
  transceiver.setCodecPreferences([
    ...codecs.filter(isVp8),
    ...codecs.filter((codec) => !isVp8(codec)),
  ]);
}
