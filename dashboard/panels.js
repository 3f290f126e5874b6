// What isn't a chart and belongs to every view: freshness, notices, and tiles.
import { select } from "./d3.js";
import { h } from "./dom.js";
import { count, lasting, moment } from "./format.js";

/** `as of 10:05:12 · batch 3 + 214 live commits`. */
export function freshness({ as_of: asOf, streaming }, staleAfterSeconds) {
  if (!asOf.at) return { state: "fresh", text: "No listens yet" };
  const live = asOf.head_seq - asOf.cut_seq;
  const commits = `${count(live)} live ${live === 1 ? "commit" : "commits"}`;
  const batch = asOf.batch_version ? `batch ${asOf.batch_version} + ${commits}` : commits;
  const text = `as of ${moment(asOf.at)} · ${batch}`;
  if (streaming && streaming.age_seconds < staleAfterSeconds) return { state: "fresh", text };
  const since = streaming ? `silent for ${lasting(streaming.age_seconds)}` : "not running";
  return { state: "stale", text: `${text} · streaming is ${since}` };
}

/** The dot and the words of the header; the dot's form tells as much as its colour. */
export function renderFreshness({ state, text }) {
  document.body.dataset.state = state;
  const element = document.querySelector("#freshness");
  if (element.textContent !== text) element.textContent = text;
}

/** A line above the page, or none; with the address of a page where one signs in. */
export function renderNotice(text, login = null) {
  document.querySelector("#notice").hidden = !text;
  document.querySelector("#notice-text").replaceChildren(text, ...(login ? [" ", h("a", { href: login }, "Sign in")] : []));
}

/** An empty list of tiles, as large as it will be with `number` of them. */
export const tiles = (number) =>
  h("dl", { class: "tiles" }, Array.from({ length: number }, () => h("div", {}, h("dt", {}, " "), h("dd", {}, "–"))));

/** Tiles `{ name, title, text, more }`; `more` is a small line, such as a change. */
export function renderTiles(list, items) {
  const tile = select(list).selectAll("div").data(items).join((enter) => {
    const fresh = enter.append("div");
    fresh.append("dt");
    fresh.append("dd");
    return fresh;
  });
  tile.each(function () {
    if (!this.querySelector(".more")) this.append(h("dd", { class: "more" }));
  });
  tile.select("dt").text(({ title }) => title);
  tile.select("dd").attr("data-tile", ({ name }) => name).text(({ text }) => text);
  tile.select(".more").text(({ more }) => more ?? "");
}
