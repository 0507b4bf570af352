/**
 * Hunts: a suggestion that does not help: a far name, none for a plain slip, or a wrong distance for swapped letters.
 */
import { describe, expect, test } from "vitest";
import { nearestName, typingDistance } from "../../../src/config/nearest.ts";

describe("typingDistance", () => {
  test.each([
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["listen", "listen", 0],
    ["lisen", "listen", 1],
    ["listten", "listen", 1],
    ["lidten", "listen", 1],
    ["litsen", "listen", 1],
    ["ca", "abc", 3],
    ["kitten", "sitting", 3],
  ])("between %j and %j is %d", (left, right, distance) => {
    expect(typingDistance(left, right)).toBe(distance);
    expect(typingDistance(right, left)).toBe(distance);
  });
});

describe("nearestName", () => {
  test("finds a mistyped name whatever its case", () => {
    expect(nearestName("HTTP.LISEN", ["hub.listen", "http.listen"])).toBe("http.listen");
  });

  test("finds nothing when no name is near", () => {
    expect(nearestName("colour", ["http.listen", "hub.listen"])).toBeUndefined();
    expect(nearestName("", ["a"])).toBeUndefined();
    expect(nearestName("abc", [])).toBeUndefined();
  });

  test("takes the first of equals", () => {
    expect(nearestName("abX", ["abc", "abd"])).toBe("abc");
  });

  test("holds to a distance that is given", () => {
    expect(nearestName("abcdefghXYZ", ["abcdefghijk"], { distanceMax: 2 })).toBeUndefined();
    expect(nearestName("abcdefghiYZ", ["abcdefghijk"], { distanceMax: 2 })).toBe("abcdefghijk");
  });

  test("takes a name of a million characters without taking a while", () => {
    expect(nearestName("x".repeat(1_000_000), ["http.listen"])).toBeUndefined();
  });
});
