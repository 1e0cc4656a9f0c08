/** The few things that negotiation reads in, and takes out of, a session description. */

/**
 * The id in the origin line. RFC 8829, 5.2.1: it is the same in all descriptions of one peer
 * connection, so another one means that the other side made a new connection.
 */
export function sessionOf(sdp: string): string {
  return /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? "";
}

/**
 * The description without candidates and addresses: those travel beside it, so that a side can
 * keep its own, and leave the other's alone, until the call is answered.
 */
export function withoutCandidates(sdp: string): string {
  return sdp
    .split(/\r?\n/)
    .filter((line) => !/^a=(candidate:|end-of-candidates)/.test(line))
    .map((line) =>
      line
        .replace(/^c=IN IP[46] .*/, "c=IN IP4 0.0.0.0")
        .replace(/^a=rtcp:\d+ IN .*/, "a=rtcp:9 IN IP4 0.0.0.0")
        // A section with port 0 is refused; every other port is a candidate's.
        .replace(/^(m=\S+) [1-9]\d* /, "$1 9 "),
    )
    .join("\r\n");
}

/** Whether a candidate with this ICE user name fragment belongs to the description. */
export function hasFragment(sdp: string, fragment: string | null | undefined): boolean {
  if (!fragment) return true;
  return sdp.split(/\r?\n/).includes(`a=ice-ufrag:${fragment}`);
}
