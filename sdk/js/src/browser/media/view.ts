/** A media element that shows a stream; either may come first. */

/** Pairs one element with one stream. */
export class MediaView {
  private element: HTMLMediaElement | null = null;
  private stream: MediaStream | null = null;

  /** `muted` is for the local view, which would echo. */
  constructor(private readonly muted: boolean) {}

  /** The element that was set. */
  get current(): HTMLMediaElement | null {
    return this.element;
  }

  /** Sets or takes away the element. */
  setElement(element: HTMLMediaElement | null | undefined): void {
    const next = element ?? null;
    if (next === this.element) return;
    this.detach();
    this.element = next;
    this.attach();
  }

  /** Sets or takes away the stream. */
  setStream(stream: MediaStream | null): void {
    if (stream === this.stream) return;
    this.detach();
    this.stream = stream;
    this.attach();
  }

  /** Assigning the same stream again would restart the playback, so it is left alone. */
  private attach(): void {
    const { element, stream } = this;
    if (!element || !stream) return;
    if (this.muted) element.muted = true;
    if (element.srcObject !== stream) element.srcObject = stream;
    // Autoplay rules may refuse; the person's next click on the element starts it.
    element.play?.()?.catch?.(() => undefined);
  }

  private detach(): void {
    const { element, stream } = this;
    if (element && stream && element.srcObject === stream) element.srcObject = null;
  }
}
