// What the layers say of themselves: freshness, lag, batch versions with their audits, commits,
// what became of every imported row, and files to be imported.
import { renderTable, tableBox } from "../charts/table.js";
import { h } from "../dom.js";
import { count, lasting, moment } from "../format.js";
import { renderTiles, tiles } from "../panels.js";
import { IMPORTS, number, text, when } from "./columns.js";
import { dropCard, showDrop, watchDrops } from "./drop.js";

const SILENT_SECONDS = 120; // streaming reports every few seconds

export const controls = () => [];
export const heading = () => ({ title: "Pipeline" });

const section = (id, title, hint) =>
  h("section", { class: "card wide", "aria-labelledby": `${id}-title` },
    h("div", { class: "head" }, h("h2", { id: `${id}-title` }, title), h("p", { class: "hint" }, hint)),
    h("div", { id }, tableBox(`${title}: table`)),
    h("p", { class: "message", id: `${id}-none`, hidden: true }, "None yet."));

let unwatch = null;

export function mount() {
  unwatch = watchDrops();
  return [
    tiles(4),
    dropCard(),
    section("components", "Components", "Each says so itself."),
    section("versions", "Batch versions", "A version is read once its audit found no difference."),
    section("imports", "Imports", "Read = new + duplicate + overlap + rejected."),
    section("commits", "Newest commits", "Each is one transaction of the speed layer."),
  ];
}

export function unmount() {
  unwatch();
}

export async function load(_, { get, status, everything, features }) {
  const imports = features.may("admin") ? await get("/api/imports", { limit: 50 }) : { items: [] };
  return { imports, status, everything };
}

export function draw(root, { imports, status, everything }, _, app) {
  showDrop(root, app);
  renderTiles(root.querySelector(".tiles"), tileItems(status, everything));
  show(root, "components", COMPONENTS, components(status), "name");
  show(root, "versions", VERSIONS, status.versions.map((each) => ({ ...each, isRead: each.version === status.pointer?.version })), "version");
  show(root, "imports", IMPORTS, imports.items, "import_id");
  root.querySelector("#imports").closest("section").hidden = !app.features.may("admin");
  show(root, "commits", COMMITS, status.commits.map((each, place) => ({ ...each, key: `${each.seq} ${place}` })), "key");
}

function show(root, id, columns, rows, key) {
  renderTable(root.querySelector(`#${id} .table-box`), columns, rows, { key: (row) => row[key], label: id });
  root.querySelector(`#${id}`).hidden = !rows.length;
  root.querySelector(`#${id}-none`).hidden = rows.length > 0;
}

const since = (at) => lasting(Math.max(0, (Date.now() - new Date(at)) / 1000));
const events = (offsets) => Object.values(offsets ?? {}).reduce((sum, offset) => sum + offset, 0);

function tileItems({ as_of: asOf, archive }, { kinds }) {
  const streams = Object.values(kinds).reduce((sum, kind) => sum + kind.streams, 0);
  const archived = archive ? Math.max(0, events(asOf.offsets) - events(archive.until)) : null;
  return [
    { name: "head", title: "Newest commit", text: asOf.at ? `${since(asOf.at)} ago` : "–", more: asOf.at ? moment(asOf.at) : null },
    { name: "streams", title: "Streams counted", text: count(streams) },
    { name: "live", title: "Commits since the batch", text: count(asOf.head_seq - asOf.cut_seq) },
    { name: "archive_lag", title: "Not yet archived", text: archived === null ? "–" : count(archived), more: "events" },
  ];
}

/** One row a component: whether it works, and what it says. */
function components({ as_of: asOf, archive, streaming, pointer, versions }) {
  const current = versions.find(({ version }) => version === pointer?.version);
  const beats = streaming && streaming.age_seconds < SILENT_SECONDS;
  return [
    { name: "API", state: "answers", says: `commit ${count(asOf.head_seq)} is the newest that it reads` },
    { name: "Streaming", state: beats ? "runs" : "silent", says: streaming ? `reported ${lasting(streaming.age_seconds)} ago` : "has never reported" },
    { name: "Speed layer", state: asOf.at ? "has data" : "empty", says: asOf.at ? `${count(events(asOf.offsets))} offsets on Kafka are counted` : "nothing was committed yet" },
    { name: "Archive", state: archive ? "has data" : "empty", says: archive ? `covers ${count(events(archive.until))} offsets, told ${since(archive.at)} ago` : "nothing was archived yet" },
    { name: "Batch", state: current ? `version ${current.version}` : "none yet", says: current?.at ? `made ${since(current.at)} ago, up to commit ${count(current.cut_seq)}` : "runs nightly, or by ./playcount batch run" },
  ];
}

const COMPONENTS = [{ ...text("Component", "name"), kind: "main" }, text("State", "state"), text("Says", "says")];
const VERSIONS = [
  number("Version", "version"),
  { title: "State", text: ({ isRead, state }) => (isRead ? "read now" : (state ?? "kept")) },
  when("Made", "at", "started_at"),
  number("Up to commit", "cut_seq"), number("Events", "events"), number("Cells", "cells"),
  { title: "Duration", isNumber: true, text: ({ seconds }) => (seconds === undefined ? "–" : lasting(seconds)) },
  { title: "Audit", kind: "long", text: ({ audit, why }) => audit ?? why ?? "–" },
];
const COMMITS = [number("Commit", "seq"), when("At", "at"), number("Events", "events"), number("Duplicates", "duplicates"), number("Rejected", "rejected")];
