// What isn't a chart: the tiles, the recent listens and the freshness.
import { select } from "./d3.js";
import { count, hours, listenMoment, moment, share } from "./format.js";

/** Totals of the selection. */
export function renderTiles(summary) {
  const texts = {
    plays: count(summary.plays),
    hours: hours(summary.ms_played),
    songs: count(summary.songs),
    artists: count(summary.artists),
    skip_rate: share(summary.skips, summary.streams),
  };
  for (const [name, text] of Object.entries(texts)) {
    document.querySelector(`[data-tile="${name}"]`).textContent = text;
  }
}

/** The newest listens. */
export function renderRecent(listens) {
  document.querySelector("#recent-empty").hidden = listens.length > 0;
  document.querySelector("#recent").hidden = listens.length === 0;
  select("#recent")
    .selectAll("li")
    .data(listens, (listen) => listen.event_id)
    .join((enter) => {
      const item = enter.append("li");
      item.append("span").attr("class", "title");
      item.append("time");
      item.append("span").attr("class", "by");
      item.append("span").attr("class", "who");
      return item;
    })
    .order()
    .call((item) => {
      item.select(".title").text(({ title }) => title ?? "Unknown title");
      item.select("time").attr("datetime", ({ ended_at: at }) => at).text(({ ended_at: at }) => listenMoment(at));
      item.select(".by").text(({ artist }) => artist ?? "Unknown artist");
      item.select(".who").text(({ listener_id: listener }) => listener);
    });
}

/** `as of 10:05:12 · batch 3 + 214 live commits`. */
export function freshness({ as_of: asOf, streaming }, staleAfterSeconds) {
  if (!asOf.at) return { state: "fresh", text: "No listens yet" };
  const live = asOf.head_seq - asOf.cut_seq;
  const commits = `${count(live)} live ${live === 1 ? "commit" : "commits"}`;
  const batch = asOf.batch_version ? `batch ${asOf.batch_version} + ${commits}` : commits;
  const isBeating = streaming && streaming.age_seconds < staleAfterSeconds;
  const text = `as of ${moment(asOf.at)} · ${batch}`;
  return isBeating ? { state: "fresh", text } : { state: "stale", text: `${text} · streaming is not running` };
}

/** The dot and the words of the header; the dot's form tells as much as its colour. */
export function renderFreshness({ state, text }) {
  document.body.dataset.state = state;
  const element = document.querySelector("#freshness");
  if (element.textContent !== text) element.textContent = text;
}

/** A line above the page, or none. */
export function renderNotice(text) {
  document.querySelector("#notice").hidden = !text;
  document.querySelector("#notice-text").textContent = text;
}
