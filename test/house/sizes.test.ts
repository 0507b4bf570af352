/** Hunts: files that grew until nobody reads them. */
import { expect, test } from "vitest";
import { sourceFiles } from "./sources.ts";

const FILE_LINES_MAX = 400;
const LINE_CHARACTERS_MAX = 140;

const everywhere = [...sourceFiles("src"), ...sourceFiles("test"), ...sourceFiles("scripts")];

test(`no file has more than ${FILE_LINES_MAX} lines`, () => {
  const long = everywhere.filter((file) => file.text.split("\n").length > FILE_LINES_MAX);
  expect(long.map((file) => `${file.path} (${file.text.split("\n").length})`)).toEqual([]);
});

test(`no line has more than ${LINE_CHARACTERS_MAX} characters`, () => {
  const wide = everywhere.flatMap((file) =>
    file.text.split("\n").flatMap((line, index) =>
      line.length > LINE_CHARACTERS_MAX && !/https?:\/\/|regex|RegExp|[/]\^/i.test(line)
        ? [`${file.path}:${index + 1}`]
        : []
    )
  );
  expect(wide).toEqual([]);
});
