/** An event stream that does what a test says. */
export class FakeEventStream extends EventTarget {
  readyState = 0;
  isClosed = false;

  /** The server answers. */
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  /** @param isForGood - the server refused: a browser does not try again. */
  break(isForGood = false): void {
    this.readyState = isForGood ? 2 : 0;
    this.dispatchEvent(new Event('error'));
  }

  change(data: unknown): void {
    this.dispatchEvent(new MessageEvent('change', { data: typeof data === 'string' ? data : JSON.stringify(data) }));
  }

  close(): void {
    this.isClosed = true;
    this.readyState = 2;
  }
}
