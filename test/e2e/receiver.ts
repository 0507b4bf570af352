/** A stranger's receiver, written from the contract's words alone, that can also be as bad as strangers are. */
import type { ServerResponse } from "node:http";
import { type Asked, RecordingServer } from "./recording-server.ts";

export interface Publication extends Omit<Asked, "body"> {
  readonly document: Record<string, unknown> & {
    readonly health: { readonly status: string; readonly reason?: string };
    readonly message_id: string;
  };
}

type Behaviour = (publication: Publication, response: ServerResponse) => void;

/** 202, as a receiver should. */
export const accept: Behaviour = ({ document }, response) => {
  response.writeHead(202, { "content-type": "application/json" });
  response.end(JSON.stringify({ accepted: true, message_id: document.message_id, duplicate: false }));
};

/** The same status and body for everything. */
export function always(status: number, headers: Record<string, string>, body: string): Behaviour {
  return (_publication, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

export class Receiver extends RecordingServer<Publication> {
  constructor() {
    super(({ body, ...asked }) => ({ ...asked, document: JSON.parse(body) }), accept);
  }

  /** @returns its base URL */
  async open(tls?: { readonly cert: string; readonly key: string }): Promise<string> {
    const port = await this.start(0, tls);
    return `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  }

  /** The first publication that fits, past or to come. */
  publication(fits: (publication: Publication) => boolean = () => true): Promise<Publication> {
    return this.request(fits);
  }

  get publications(): readonly Publication[] {
    return this.requests;
  }
}
