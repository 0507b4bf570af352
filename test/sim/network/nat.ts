/**
 * A router between some hosts and all others: its hosts get out under its address, and nobody gets in whom they have not
 * called.
 *
 * @module
 */

export class Nat {
  readonly name: string;
  /** Under which its hosts are seen from outside. */
  readonly ip: string;
  /** Grows each time it forgets; connections made before lead nowhere. */
  generation = 0;

  constructor(init: { readonly name: string; readonly ip: string }) {
    this.name = init.name;
    this.ip = init.ip;
  }

  /** It forgets every connection through it, and tells nobody. */
  restart(): void {
    this.generation++;
  }
}
