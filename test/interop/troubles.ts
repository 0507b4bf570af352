/** The kinds of trouble that the proxy makes, and what must hold under each. */

export interface Trouble {
  /** Continues "delivers 200 messages …". */
  readonly name: string;
  readonly plan: Readonly<Record<string, number>>;
  /** Messages in flight at once. */
  readonly window: number;
  /**
   * A connection that loses or swaps single frames takes the order of what is in flight at once with it: the protocol numbers nothing.
   * Order then holds only for one message at a time.
   */
  readonly keepsOrder: boolean;
}

export const TROUBLES: readonly Trouble[] = [
  { name: "while frames are lost, one at a time", plan: { seed: 11, drop: 0.015 }, window: 1, keepsOrder: true },
  { name: "while frames are lost, many in flight", plan: { seed: 12, drop: 0.03 }, window: 32, keepsOrder: false },
  { name: "while frames are late", plan: { seed: 13, delay: 0.1 }, window: 32, keepsOrder: true },
  { name: "while frames come twice", plan: { seed: 14, duplicate: 0.2 }, window: 32, keepsOrder: true },
  {
    name: "while frames overtake each other, one at a time",
    plan: { seed: 15, reorder: 0.1 },
    window: 1,
    keepsOrder: true,
  },
  {
    name: "while frames overtake each other, many in flight",
    plan: { seed: 16, reorder: 0.2 },
    window: 32,
    keepsOrder: false,
  },
  { name: "while connections are cut inside frames", plan: { seed: 17, cut: 0.03 }, window: 32, keepsOrder: true },
  { name: "while bytes trickle", plan: { seed: 18, bytesPerSecond: 200_000 }, window: 32, keepsOrder: true },
  {
    name: "while everything goes wrong at once",
    plan: { seed: 19, drop: 0.01, delay: 0.05, duplicate: 0.05, reorder: 0.05, cut: 0.01 },
    window: 32,
    keepsOrder: false,
  },
];

/** Texts whose alphabetical order is the order of sending. */
export function countedTexts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `message ${String(index + 1).padStart(5, "0")}`);
}
