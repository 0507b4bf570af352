/** Counts the answers in a stream of HTTP/1.1 bytes: just enough of the protocol to be sure that each one is complete. */
const HEADER_END = Buffer.from("\r\n\r\n");
const NOTHING: Buffer = Buffer.alloc(0);

export class AnswerCounter {
  /** How many answers came with each status. */
  readonly statuses = new Map<number, number>();
  #rest: Buffer = NOTHING;

  /**
   * @param chunk the next bytes of the connection
   * @returns how many answers they completed
   * @throws Error on an answer without `Content-Length`
   */
  take(chunk: Buffer): number {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    let complete = 0;
    for (;;) {
      const headerEnd = bytes.indexOf(HEADER_END, from);
      if (headerEnd === -1) break;
      const header = bytes.toString("latin1", from, headerEnd);
      const end = headerEnd + HEADER_END.length + contentLength(header);
      if (end > bytes.length) break;
      this.#count(Number(header.slice(9, 12)));
      complete++;
      from = end;
    }
    this.#rest = from === bytes.length ? NOTHING : bytes.subarray(from);
    return complete;
  }

  #count(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }
}

function contentLength(header: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(header)?.[1];
  if (length === undefined) throw new Error(`Read an answer: wanted Content-Length, got ${JSON.stringify(header)}`);
  return Number(length);
}
