// The pure parts of the dashboard, in Node without a page.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fitted, layout as rankingLayout } from "../../dashboard/charts/ranking.js";
import { layout as timelineLayout, spaced } from "../../dashboard/charts/timeline.js";
import { formatState, parseState, selection } from "../../dashboard/state.js";
import { bounds, grainFor, iso, kindOf, periodsOf, step, windowAt, day } from "../../dashboard/windows.js";
import { rankingCaption, timelineCaption } from "../../dashboard/sentences.js";

const tenEach = (text) => 10 * Array.from(text).length;

test("the longest bar fills its track, and the others are in proportion", () => {
  const rows = [
    { id: "a", rank: 1, name: "Jóga", detail: "Björk", value: 40, text: "40" },
    { id: "b", rank: 2, name: "Roygbiv", detail: "", value: 10, text: "10" },
  ];

  const { height, rows: placed } = rankingLayout(rows, { width: 430, measure: tenEach });

  assert.deepEqual(placed.map((row) => row.bar), [400, 100]);
  assert.deepEqual(placed.map((row) => row.y), [0, 48]);
  assert.equal(height, 96);
  assert.equal(placed[0].detailX, 30 + 40 + 10);
});

test("a chart of zeros has bars of no length", () => {
  const rows = [{ id: "a", rank: 1, name: "Jóga", detail: "", value: 0, text: "0" }];

  assert.equal(rankingLayout(rows, { width: 430, measure: tenEach }).rows[0].bar, 0);
});

test("a name gives way to the value, and the artist to the name", () => {
  const rows = [{ id: "a", rank: 1, name: "Hyperballad", detail: "Björk", value: 1, text: "1,234" }];

  const [row] = rankingLayout(rows, { width: 150, measure: tenEach }).rows;

  assert.equal(row.name, "Hyper…"); // 120 pixels, less 50 for the value and 10 between
  assert.equal(row.detail, "");
});

test("a shortened text keeps whole letters", () => {
  assert.equal(fitted("🎵🎵🎵🎵", 30, tenEach), "🎵🎵…");
  assert.equal(fitted("ab cd", 40, tenEach), "ab…");
  assert.equal(fitted("abc", 30, tenEach), "abc");
  assert.equal(fitted("abc", 9, tenEach), "");
});

test("bars stand on the floor and the highest is below the top", () => {
  const rows = ["2026-01-01", "2026-01-02", "2026-01-03"].map((period, value) => ({ period, value }));

  const places = timelineLayout(rows, { width: 300, height: 220, tick: String, number: String });

  assert.deepEqual(places.bars.map((bar) => bar.y + bar.height), [196, 196, 196]);
  assert.deepEqual(places.bars.map((bar) => bar.height), [0, 94, 188]);
  assert.deepEqual(places.numbers.map((each) => each.text), ["0", "1", "2"]);
  assert.ok(places.bars.every((bar) => bar.x >= 44 && bar.x + bar.width <= 298));
});

test("many months are marked by quarter or year, from January on", () => {
  const months = periodsOf("2025", "month").concat(periodsOf("2026", "month")).slice(1);
  const rows = months.map((period) => ({ period }));

  assert.deepEqual(spaced(rows, 8).map((row) => row.period.slice(2)), [
    "25-04", "25-07", "25-10", "26-01", "26-04", "26-07", "26-10",
  ]);
  assert.deepEqual(spaced(rows, 2).map((row) => row.period), ["2026-01"]);
});

test("a window's name gives its kind and its days", () => {
  const names = ["2026", "2024-02", "2026-W01", "2026-01-13", "all", "2026-1"];

  assert.deepEqual(names.map(kindOf), ["year", "month", "week", "day", "all", undefined]);
  assert.deepEqual(bounds("2024-02").map(iso), ["2024-02-01", "2024-03-01"]);
  assert.deepEqual(bounds("2026-W01").map(iso), ["2025-12-29", "2026-01-05"]);
  assert.equal(bounds("all"), null);
});

test("the next and the previous window cross the borders of years", () => {
  const next = ["2026", "2025-12", "2020-W53", "2024-02-28"].map((name) => step(name, 1));
  const previous = ["2026", "2026-01", "2026-W01", "2024-03-01"].map((name) => step(name, -1));

  assert.deepEqual(next, ["2027", "2026-01", "2021-W01", "2024-02-29"]);
  assert.deepEqual(previous, ["2025", "2025-12", "2025-W52", "2024-02-29"]);
});

test("a day lies in the week of its Thursday's year", () => {
  assert.equal(windowAt("week", day("2027-01-01")), "2026-W53");
  assert.equal(windowAt("week", day("2024-12-30")), "2025-W01");
});

test("a window is made of its periods", () => {
  assert.equal(periodsOf("2024-02", "day").length, 29);
  assert.deepEqual(periodsOf("2026-01-13", "hour").slice(0, 2), ["2026-01-13T00", "2026-01-13T01"]);
  assert.equal(periodsOf("2026-01-13", "hour").length, 24);
  assert.equal(periodsOf("2026", "month").at(-1), "2026-12");
});

test("the grain fits the span", () => {
  assert.deepEqual([1, 7, 31, 200, 365, 3000, 9000].map(grainFor), [
    "hour", "day", "day", "week", "month", "month", "year",
  ]);
});

test("the address holds the state, without what is usual", () => {
  const address = "?window=2026-01&country=SE&by=skips&tab=albums&rows=50";

  assert.equal(formatState(parseState(address)), address);
  assert.equal(formatState(parseState("")), "");
  assert.equal(formatState(parseState("?from=2026-01-01&to=2026-02-01")), "?from=2026-01-01&to=2026-02-01");
});

test("what can't be used in an address is as if it weren't there", () => {
  assert.equal(formatState(parseState("?window=yesterday&by=age&rows=7&from=soon&tab=1&daypart=")), "");
});

test("a request holds the span and the slice only", () => {
  const state = parseState("?listener=a%26b&by=skips&rows=50");

  assert.equal(selection(state).toString(), "window=all&listener=a%26b");
});

test("captions are sentences made of the data", () => {
  const rows = [{ name: "Jóga", detail: "Björk", value: 1 }];
  const options = { view: "songs", by: "plays", where: "All time, anna" };

  assert.equal(rankingCaption(rows, 1, options), "All time, anna: “Jóga” by Björk is the only song with 1 play.");
  assert.equal(
    timelineCaption([{ period: "2025", value: 3 }, { period: "2026", value: 4 }], options),
    "All time, anna: 7 plays; the most, 4, in 2026.",
  );
});
