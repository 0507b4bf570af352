/**
 * What happened in a mail fleet, as the checkers see it: facts seen from outside of Barnacle, never its own opinion.
 *
 * @module
 */
import { CrewRecord, type ProcessRecord } from "../fleet/record.ts";
import type { SimHost } from "../mod.ts";
import type { Book } from "./book.ts";
import type { InboxLedger } from "./inbox-ledger.ts";

/** One host of the fleet: who it is, and what is known of its mail. */
export interface MailHost {
  readonly host: SimHost;
  readonly name: string;
  readonly nodeId: string;
  readonly isProxied: boolean;
  readonly ledger: InboxLedger;
  readonly book: Book;
}

/** What a process holds, as its platform sees it. */
export interface Holdings {
  connections: number;
  connectionsMax: number;
  /** The most from one remote address. */
  perAddressMax: number;
  bufferedBytesMax: number;
  /** The most of all connections together, as it was looked at now and then. */
  bufferedBytesAllMax: number;
  readonly open: Set<{ readonly bufferedBytes: number }>;
}

/** The most that a process may hold. */
export type HoldingsMax = Pick<
  Holdings,
  "connectionsMax" | "perAddressMax" | "bufferedBytesMax" | "bufferedBytesAllMax"
>;

export class MailRecord extends CrewRecord {
  /** Of each process of the node. */
  readonly holdings = new Map<ProcessRecord, Holdings>();
  /** Ids of `DIRECT`s that were sent by a node of the fleet, with their sender and recipient. */
  readonly sent = new Map<string, { readonly from: string; readonly to: string }>();
  /** Ids of `DIRECT`s that somebody captured and played to a node that did not have them yet: in an order of his own. */
  readonly played = new Set<string>();
  acknowledged = 0;
  /** Messages that were to be delivered, and were. */
  delivered = 0;
  crashes = 0;
}
