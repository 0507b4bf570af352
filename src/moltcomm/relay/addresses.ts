/**
 * What each remote address has open and may still use.
 *
 * @module
 */
import { Allowance, Budget } from "./allowance.ts";
import { ADDRESSES_REMEMBERED_MAX, UNITS_PER_ADDRESS } from "./bounds.ts";

/** One remote address. */
export interface AddressAccount {
  readonly key: string;
  connections: number;
  readonly budget: Budget;
  /** Boxes of the mailbox that new nodes may get. */
  readonly boxes: Allowance;
}

/** How much each address may use. */
export interface AddressesInit {
  readonly connectionsPerAddress: number;
  readonly framesPerSecondPerAddress: number;
  readonly bytesPerSecondPerAddress: number;
  /** Default: none. */
  readonly newBoxesPerDay?: number | undefined;
}

const DAY_SECONDS = 24 * 60 * 60;

/** See the module's description. */
export class Addresses {
  readonly #init: AddressesInit;
  readonly #accounts = new Map<string, AddressAccount>();

  constructor(init: AddressesInit) {
    this.#init = init;
  }

  /** Counts one more connection of an address; `undefined` when it has as many as it may. */
  open(key: string, nowMs: number): AddressAccount | undefined {
    let account = this.#accounts.get(key);
    if (account === undefined) {
      const { framesPerSecondPerAddress, bytesPerSecondPerAddress, newBoxesPerDay = 0 } = this.#init;
      account = {
        key,
        connections: 0,
        budget: new Budget({
          frames: { perSecond: framesPerSecondPerAddress },
          bytes: { perSecond: bytesPerSecondPerAddress },
          units: UNITS_PER_ADDRESS,
        }, nowMs),
        boxes: new Allowance({ perSecond: newBoxesPerDay / DAY_SECONDS, burst: newBoxesPerDay }, nowMs),
      };
      this.#accounts.set(key, account);
    }
    if (account.connections >= this.#init.connectionsPerAddress) return undefined;
    account.connections++;
    return account;
  }

  /** Coming again must not fill what was used up, so an address is remembered until it is full again. */
  close(account: AddressAccount, nowMs: number): void {
    account.connections--;
    if (this.#accounts.size > ADDRESSES_REMEMBERED_MAX) this.forget(nowMs);
  }

  /** Forgets addresses without connections that may use everything; all of those without connections when there are too many. */
  forget(nowMs: number): void {
    const isCrowded = this.#accounts.size > ADDRESSES_REMEMBERED_MAX;
    for (const [key, { boxes, connections, budget }] of this.#accounts) {
      if (connections === 0 && (isCrowded || budget.isFull(nowMs) && boxes.isFull(nowMs))) this.#accounts.delete(key);
    }
  }
}
