// The columns of the pipeline's tables that several of them have, and those of imports.
import { count, moment } from "../format.js";

export const number = (title, name) => ({ title, isNumber: true, text: (row) => (row[name] === undefined || row[name] === null ? "–" : count(row[name])) });
export const text = (title, name) => ({ title, text: (row) => row[name] ?? "–" });
export const when = (title, ...names) => ({
  title,
  text: (row) => {
    const name = names.find((each) => row[each]);
    return name ? moment(row[name]) : "–";
  },
});

const FILE = { title: "File", kind: "main", text: ({ file }) => String(file ?? "–").split("/").at(-1) };
const READ = {
  ...number("Read", "read"),
  text: ({ state, read, rows }) =>
    state === "reading" && rows ? `${count(read ?? 0)} of ${count(rows)}` : read === undefined || read === null ? "–" : count(read),
};
const COUNTS = [READ, number("New", "new"), number("Duplicate", "duplicate"), number("Overlap", "overlap"), number("Rejected", "rejected")];
const BALANCE = {
  title: "Balance",
  text: ({ read, new: fresh, duplicate, overlap, rejected, erased, state }) =>
    state !== "settled" ? "open" : read === fresh + duplicate + (overlap ?? 0) + rejected + (erased ?? 0) ? "even" : "uneven",
};
const WHY = {
  title: "Why rejected",
  kind: "long",
  text: ({ rejected_by_reason: reasons }) => Object.entries(reasons ?? {}).map(([reason, rows]) => `${reason}: ${count(rows)}`).join("; ") || "–",
};

/** All that is known of imports. */
export const IMPORTS = [when("Began", "started_at"), FILE, text("Listener", "listener_id"), text("State", "state"), ...COUNTS, WHY, BALANCE];

/** What became of the rows of an upload's files. */
export const IMPORTED = [FILE, text("State", "state"), ...COUNTS, BALANCE];

/** Rows that were not sent. */
export const REJECTIONS = [
  { ...FILE },
  number("Row", "row"),
  { ...text("Why", "why"), kind: "long" },
  { title: "Content", kind: "long", text: ({ raw }) => (typeof raw === "string" ? raw : JSON.stringify(raw)) },
];
