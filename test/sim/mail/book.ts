/**
 * What one host's agent meant: each line that it added to its outbox is one message, sent once; each text that is no
 * message is to be reported. A line taken out again is not taken back.
 *
 * @module
 */

/** Something that was written into an outbox. */
export interface Entry {
  /** Found in the message's text, or in the text that is no message; of no other entry. */
  readonly token: string;
  /** The recipient's node id; `undefined` where the text is no message. */
  readonly to: string | undefined;
  /** How it is written on one line. */
  readonly value: Readonly<Record<string, unknown>> | string;
  /** Whether it was added behind everything written before. */
  readonly isInOrder: boolean;
}

/** What was meant by a token. */
export interface Meant {
  readonly entry: Entry;
  count: number;
}

export class Book {
  readonly meant = new Map<string, Meant>();

  add(entry: Entry): void {
    const known = this.meant.get(entry.token);
    if (known === undefined) this.meant.set(entry.token, { entry, count: 1 });
    else known.count++;
  }

  /** In the order in which they were meant. */
  get messages(): readonly Meant[] {
    return [...this.meant.values()].filter(({ entry }) => entry.to !== undefined);
  }

  get rubbish(): readonly Meant[] {
    return [...this.meant.values()].filter(({ entry }) => entry.to === undefined);
  }
}

const TOKEN_REGEXP = /<[a-z0-9]+-\d+>/;

/** A token that nothing else has. */
export function tokenOf(hostName: string, number: number): string {
  return `<${hostName}-${number}>`;
}

/** The token in a text. */
export function findToken(text: string): string | undefined {
  return TOKEN_REGEXP.exec(text)?.[0];
}
