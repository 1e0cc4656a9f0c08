/** What the page's own life means for the calls in it: closed for good, or on another network. */

/** What the client does about it. */
export interface PageLife {
  /** The page is being thrown away. What is asked here must survive it (`keepalive`). */
  gone(): void;
  /** The device may have another network: media paths are worth a new try. */
  networkChanged(): void;
}

/** Listens for the life of the page; outside of a browser nothing ever happens. */
export function watchPage(life: PageLife): void {
  const { connection } = (globalThis.navigator ?? {}) as { connection?: EventTarget };
  globalThis.addEventListener?.("pagehide", (event) => {
    // A page that is kept may come back, with its session and its calls.
    if (!(event as PageTransitionEvent).persisted) life.gone();
  });
  globalThis.addEventListener?.("online", () => life.networkChanged());
  connection?.addEventListener?.("change", () => life.networkChanged());
}
