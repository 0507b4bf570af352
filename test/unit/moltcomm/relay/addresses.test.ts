/** Hunts: an address that gets a full budget by going away, and memory that grows with every address that ever came. */
import { describe, expect, test } from "vitest";
import { Addresses } from "../../../../src/moltcomm/relay/addresses.ts";
import { ADDRESSES_REMEMBERED_MAX } from "../../../../src/moltcomm/relay/bounds.ts";

const INIT = { connectionsPerAddress: 2, framesPerSecondPerAddress: 10, bytesPerSecondPerAddress: 1_000_000 };

describe("Addresses", () => {
  test("count the connections of each address apart, and give a place back", () => {
    const addresses = new Addresses(INIT);
    const [one, two] = [addresses.open("a", 0), addresses.open("a", 0)];
    expect([one !== undefined, two === one, addresses.open("a", 0), addresses.open("b", 0) !== undefined])
      .toEqual([true, true, undefined, true]);
    if (one !== undefined) addresses.close(one, 0);
    expect(addresses.open("a", 0)).toBe(one);
  });

  test("remember one without connections until it owes nothing and may use everything again", () => {
    const addresses = new Addresses(INIT);
    const account = addresses.open("a", 0);
    expect(account?.budget.spend(0, 110, 0)).toBe(10_000);
    if (account !== undefined) addresses.close(account, 0);
    for (const [nowMs, isRemembered] of [[5_000, true], [10_500, true], [11_100, false]] as const) {
      addresses.forget(nowMs);
      const again = addresses.open("a", nowMs);
      expect(again === account).toBe(isRemembered);
      if (again !== undefined) addresses.close(again, nowMs);
    }
  });

  test("are not remembered without bound, nor is one forgotten that is connected", () => {
    const addresses = new Addresses(INIT);
    const connected = addresses.open("connected", 0);
    for (let count = 0; count <= ADDRESSES_REMEMBERED_MAX; count++) {
      const account = addresses.open(`a-${count}`, 0);
      account?.budget.spend(0, 1_000, 0);
      if (account !== undefined) addresses.close(account, 0);
    }
    expect(addresses.open("connected", 0)).toBe(connected);
    expect(addresses.open("a-0", 0)?.budget.spend(0, 0, 0)).toBe(0);
  });
});
