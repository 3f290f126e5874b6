// The pure parts of the dashboard, in Node without a page.
import assert from "node:assert/strict";
import { test } from "node:test";

import { layout as bumpLayout } from "../../dashboard/charts/bump.js";
import { layout as weekLayout } from "../../dashboard/charts/heatmap.js";
import { layout as rankingLayout, moved } from "../../dashboard/charts/ranking.js";
import { fitted } from "../../dashboard/charts/texts.js";
import { covered, layout as timelineLayout, spaced } from "../../dashboard/charts/timeline.js";
import { formatAddress, itemAddress, parseAddress, selection } from "../../dashboard/data/address.js";
import { lastMonths, monthsBetween, spanBefore, spanOf } from "../../dashboard/data/spans.js";
import { bounds, grainFor, iso, kindOf, periodsOf, step, windowAt, day } from "../../dashboard/data/windows.js";
import { change, lasting } from "../../dashboard/format.js";
import { rankingCaption, rhythmCaption, timelineCaption } from "../../dashboard/sentences.js";
import { fits } from "../../dashboard/views/live.js";

const tenEach = (text) => 10 * Array.from(text).length;

test("the longest bar fills its track, and the others are in proportion", () => {
  const placed = rankingLayout([{ id: "a", rank: 1, value: 40 }, { id: "b", rank: 2, value: 10 }]);

  assert.deepEqual(placed.map((row) => row.bar), [100, 25]);
});

test("a chart of zeros has bars of no length", () => {
  assert.equal(rankingLayout([{ id: "a", rank: 1, value: 0 }])[0].bar, 0);
});

test("a rank's move is told only where the rank before is known", () => {
  const texts = [undefined, null, 3, 1, 5].map((before) => moved({ rank: 3, rank_before: before })?.text);

  assert.deepEqual(texts, [undefined, "new", "=", "▼2", "▲2"]);
});

test("the busiest hour has the strongest colour, and a silent one none", () => {
  const cells = [{ weekday: 1, hour: 0, value: 0 }, { weekday: 7, hour: 23, value: 9 }];

  const { cells: [silent, busiest] } = weekLayout(cells, { width: 640 });

  assert.deepEqual([silent.strength, busiest.strength], [0, 1]);
  assert.ok(busiest.x > silent.x && busiest.y > silent.y && busiest.x + busiest.width <= 640);
});

test("rank 1 is at the top, and a month without a rank has no place", () => {
  const series = [{ id: "a", name: "Jóga", ranks: [4, null, 1] }];

  const { series: [{ points }] } = bumpLayout(series, ["2026-01", "2026-02", "2026-03"], { width: 400 });

  assert.ok(points[2].y < points[0].y);
  assert.equal(points[1].y, null);
});

test("a brush takes the bars whose middle it covers", () => {
  const bars = [0, 10, 20, 30].map((slotX) => ({ slotX, slot: 10 }));

  assert.deepEqual(covered(bars, [4, 26]), [0, 2]);
  assert.equal(covered(bars, [16, 24]), null);
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
  const addresses = [
    "#/?window=2026-01&country=SE&by=skips",
    "#/?from=2026-01-01&to=2026-02-01",
    "#/charts/artists?by=skip_rate&order=asc&page=2",
    "#/live?artist=Bj%C3%B6rk&skipped=false",
    "#/genres/R%26B%20%2F%20Soul?window=2026",
    "#/compare?a=anna&b=ben",
  ];

  assert.deepEqual(addresses.map((address) => formatAddress(parseAddress(address))), addresses);
  assert.equal(formatAddress(parseAddress("")), "#/");
});

test("what can't be used in an address is as if it weren't there", () => {
  const unusable = "#/nowhere?window=yesterday&by=age&rows=7&from=soon&tab=1&daypart=";

  assert.equal(formatAddress(parseAddress(unusable)), "#/");
});

test("a request holds the span and the slice only", () => {
  const state = parseAddress("#/?listener=a%26b&by=skips");

  assert.equal(selection(state).toString(), "window=all&listener=a%26b");
});

test("names with any letters have a page", () => {
  const state = parseAddress("#/?window=2026&listener=ben");
  const names = ["a/b", "%41", "käthe?x=1#y"];

  const keys = names.map((name) => parseAddress(itemAddress(state, "listeners", name)).key);

  assert.deepEqual(keys, names);
  assert.equal(itemAddress(state, "listeners", "a/b"), "#/listeners/a%2Fb?window=2026");
});

test("the span before is the calendar window before, or as many days", () => {
  const before = (address) => spanBefore(parseAddress(address))?.toString();

  assert.equal(before("#/?window=2026-01"), "window=2025-12");
  assert.equal(before("#/?from=2026-01-11&to=2026-01-21"), "from=2026-01-01&to=2026-01-11");
  assert.equal(before("#/?from=2026-01-11"), undefined);
  assert.equal(before("#/"), undefined);
});

test("several periods are a range of days, and one is itself", () => {
  assert.deepEqual(spanOf("2026-02", "2026-03"), { custom: true, window: "all", from: "2026-02-01", to: "2026-04-01" });
  assert.equal(spanOf("2026-W01", "2026-W01").window, "2026-W01");
  assert.deepEqual(spanOf("2026-01-13T05", "2026-01-13T09"), { custom: true, window: "all", from: "2026-01-13", to: "2026-01-14" });
});

test("months are counted back from the end of what is shown, and no further than the data", () => {
  const range = { first: "2025-11-20", last: "2026-03-02" };

  assert.deepEqual(lastMonths(parseAddress("#/"), range, 3), ["2026-01", "2026-02", "2026-03"]);
  assert.deepEqual(lastMonths(parseAddress("#/?window=2025"), range, 12), ["2025-11", "2025-12"]);
  assert.deepEqual(lastMonths(parseAddress("#/"), null, 12), []);
});

test("months without anything are among those between", () => {
  assert.deepEqual(monthsBetween("2025-11", "2026-02"), ["2025-11", "2025-12", "2026-01", "2026-02"]);
  assert.deepEqual(monthsBetween(undefined, undefined), []);
});

test("a listen that has just come in is held against the filters as the API does it", () => {
  const listen = { artist: "Björk", genre: "Trip  Hop", platform: "ios", rating: 4, skipped: false };

  assert.ok(fits(listen, { artist: "BJÖRK", genre: "trip hop", rating: "4", skipped: "false" }));
  assert.ok(!fits(listen, { platform: "iOS" }));
  assert.ok(!fits(listen, { skipped: "true" }));
});

test("times and changes are written by their largest units", () => {
  assert.deepEqual([0.4, 59, 3_660, 90_000].map(lasting), ["0 sec", "59 sec", "1 hr 1 min", "1 day 1 hr"]);
  assert.deepEqual([change(12, 10), change(10, 10), change(1, 0)], ["+20%", "0%", null]);
});

test("captions are sentences made of the data", () => {
  const rows = [{ name: "Jóga", detail: "Björk", value: 1 }];
  const options = { entity: "songs", by: "plays", where: "All time, anna" };

  assert.equal(rankingCaption(rows, 1, options), "All time, anna: “Jóga” by Björk is the only song with 1 play.");
  assert.equal(
    timelineCaption([{ period: "2025", value: 3 }, { period: "2026", value: 4 }], options),
    "All time, anna: 7 plays; the most, 4, in 2026.",
  );
  assert.equal(
    rhythmCaption([{ plays: 1 }, { plays: 2 }], { by: "plays", hourLabel: ({ plays }) => `hour ${plays}` }),
    "hour 2 is the busiest hour of the week, with 2 plays.",
  );
});
