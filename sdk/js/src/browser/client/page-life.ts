/** What the page's own life means for the calls in it: closed for good, or on another network. */

/** What the client does about it. */
export interface PageLife {
  /** The page is being thrown away. What is asked here must survive it (`keepalive`). */
  gone(): void;
  /** The device may have another network: media paths are worth a new try. */
  networkChanged(): void;
}

/** As much of the Network Information API as is used; some browsers know no `type`. */
type Connection = EventTarget & { readonly type?: string };

/** Listens for the life of the page; outside of a browser nothing ever happens. */
export function watchPage(life: PageLife): void {
  const { connection } = (globalThis.navigator ?? {}) as { connection?: Connection };
  let type = connection?.type;
  globalThis.addEventListener?.("pagehide", (event) => {
    // A page that is kept may come back, with its session and its calls.
    if (!(event as PageTransitionEvent).persisted) life.gone();
  });
  globalThis.addEventListener?.("online", () => life.networkChanged());
  connection?.addEventListener?.("change", () => {
    // The same event tells of a new guess of the bandwidth, which is no other network.
    if (type !== undefined && type === connection.type) return;
    type = connection.type;
    life.networkChanged();
  });
}
