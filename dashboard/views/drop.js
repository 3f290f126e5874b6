// Files that are dropped on the page, or chosen: sent, imported, and what became of every row.
import { renderTable, tableBox } from "../charts/table.js";
import { ApiError, get, upload } from "../data/api.js";
import { dropDown, h } from "../dom.js";
import { count, share } from "../format.js";
import { IMPORTED, REJECTIONS } from "./columns.js";

const POLL_MS = 1_000;
const MEBIBYTE = 2 ** 20;
const DATE_ORDERS = [["", "as the file tells"], ["dmy", "day first"], ["mdy", "month first"]];

// What is under way goes on while another view is shown.
const work = { phase: "idle", files: [], sent: 0, upload: null, error: "" };
let settings = null; // { most_mb, refresh }: once it's known that files are taken

/** The card, empty and hidden until `showDrop`. */
export function dropCard() {
  return h("section", { id: "drop", class: "card wide", "aria-labelledby": "drop-title", hidden: true },
    h("div", { class: "head" },
      h("h2", { id: "drop-title" }, "Import files"),
      h("p", { class: "hint", id: "drop-hint" }, "CSV, JSON, JSON Lines, Avro, gzip, or a whole export as zip.")),
    h("div", { class: "filters" },
      h("label", {}, "Listener", h("input", { type: "search", id: "drop-listener", autocomplete: "off", spellcheck: false, placeholder: "if the files don't say" })),
      h("label", {}, "Dates such as 7/8/2013", dropDown({ id: "drop-dates" }, DATE_ORDERS, ""))),
    h("div", { class: "drop-zone" },
      h("p", {}, "Drop files anywhere on this page, or"),
      h("label", { class: "button" }, "Choose files",
        h("input", { type: "file", id: "drop-files", class: "unseen", multiple: true, "aria-describedby": "drop-hint", onchange: chosen }))),
    h("progress", { id: "drop-bar", max: 1, "aria-labelledby": "drop-status", hidden: true }),
    h("p", { id: "drop-status", role: "status" }),
    h("div", { class: "drop-error", hidden: true }, h("p", { id: "drop-error", role: "alert" }), h("button", { type: "button", id: "drop-again", onclick: () => send(work.files) }, "Try again")),
    h("ul", { id: "drop-notes", hidden: true }),
    h("div", { id: "drop-imports", hidden: true }, tableBox("What became of the rows: table")),
    h("div", { id: "drop-rejections", hidden: true }, h("h3", {}, "Rejected rows"), tableBox("Rejected rows: table")));
}

/** Take drops on the whole page; returns what ends that. */
export function watchDrops() {
  const ended = new AbortController();
  const { signal } = ended;
  const isTaken = (event) => settings && event.dataTransfer?.types.includes("Files");
  const over = (event, isOver) => {
    if (!isTaken(event)) return;
    event.preventDefault();
    document.body.classList.toggle("dropping", isOver);
  };
  document.addEventListener("dragover", (event) => over(event, true), { signal });
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && over(event, false), { signal });
  document.addEventListener("drop", (event) => {
    over(event, false);
    if (isTaken(event)) send([...event.dataTransfer.files]);
  }, { signal });
  return () => {
    document.body.classList.remove("dropping");
    ended.abort();
  };
}

/** Show the card to those who may import; `refresh` fetches anew all that the page shows. */
export function showDrop(root, { features, config, refresh }) {
  settings = features.upload ? { most_mb: config.upload_max_mb, refresh } : null;
  root.querySelector("#drop").hidden = !settings;
  render();
}

function chosen({ target }) {
  const files = [...target.files];
  target.value = ""; // the same file again is a choice, too
  send(files);
}

const isBusy = () => work.phase === "sending" || work.phase === "importing";

async function send(files) {
  if (isBusy() || !files.length) return;
  Object.assign(work, { phase: "sending", files, sent: 0, upload: null, error: "" });
  render();
  addEventListener("beforeunload", warn);
  try {
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (size > settings.most_mb * MEBIBYTE) throw new ApiError(413, tooLarge(size));
    const taken = await upload("/api/imports", files, named(), (sent) => {
      work.sent = sent;
      render();
    });
    removeEventListener("beforeunload", warn); // from here on the server has them
    Object.assign(work, { phase: "importing", upload: { ...taken, imports: [], rejections: [], notes: [] } });
    await follow(taken.url);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    Object.assign(work, { phase: "over", error: error.message });
  } finally {
    removeEventListener("beforeunload", warn);
    if (isBusy()) work.phase = "over";
    render();
    settings?.refresh();
  }
}

/** Ask how it stands until it's over; a server that is away meanwhile is waited for. */
async function follow(url) {
  for (;;) {
    render();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    try {
      work.upload = await get(url);
      work.error = work.upload.error ?? "";
      if (work.upload.state === "imported" || work.upload.state === "failed") return;
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status >= 400 && error.status < 500)) throw error;
      work.error = `${error.message} The import goes on by itself.`;
    }
  }
}

const warn = (event) => event.preventDefault();

const tooLarge = (size) =>
  `The files have ${count(Math.ceil(size / MEBIBYTE))} MiB, and an upload may have ${count(settings.most_mb)} MiB. Send them one by one, or use ./playcount import.`;

function named() {
  const listener = document.getElementById("drop-listener")?.value.trim();
  const order = document.getElementById("drop-dates")?.value;
  return { ...(listener && { listener }), ...(order && { date_order: order }) };
}

/** How far it is: a sentence, and the share of what is being done that is done, where it's known. */
export function progressOf({ phase, files, sent, upload }) {
  const names = files.length === 1 ? files[0].name : `${count(files.length)} files`;
  if (phase === "sending") return { text: `Sending ${names}: ${share(sent, 1)}`, done: sent };
  if (phase !== "importing") return { text: outcomeOf(upload), done: null };
  if (upload.state === "waiting") return { text: `${names} will be imported in a moment.`, done: null };
  const reading = upload.imports.find(({ state }) => state === "reading");
  if (reading?.rows) {
    const read = reading.read ?? 0;
    return { text: `Importing ${reading.file}: ${count(read)} of ${count(reading.rows)} rows`, done: read / reading.rows };
  }
  const all = upload.imports.length && upload.imports.every(({ state }) => state !== "reading");
  return { text: all ? "All rows are sent, and are being counted." : `Looking at ${names}.`, done: null };
}

/** The balance of what was imported; nothing before. */
function outcomeOf(upload) {
  const settled = upload?.imports.filter(({ state }) => state === "settled") ?? [];
  if (!settled.length) return "";
  const sum = (name) => settled.reduce((total, each) => total + (each[name] ?? 0), 0);
  const parts = ["new", "duplicate", "overlap", "rejected", "erased"].filter((name) => name !== "erased" || sum(name));
  return `Read ${count(sum("read"))} = ${parts.map((name) => `${name} ${count(sum(name))}`).join(" + ")}`;
}

function render() {
  const card = document.getElementById("drop");
  if (!card) return;
  const { text, done } = progressOf(work);
  const bar = card.querySelector("#drop-bar");
  bar.hidden = !isBusy();
  if (done === null) bar.removeAttribute("value");
  else bar.value = done;
  write(card.querySelector("#drop-status"), text);
  write(card.querySelector("#drop-error"), work.error);
  card.querySelector(".drop-error").hidden = !work.error;
  card.querySelector("#drop-again").hidden = work.phase !== "over" || work.upload?.state === "imported";
  card.querySelector("#drop-files").disabled = isBusy();
  const { imports = [], rejections = [], notes = [], rejected = 0 } = work.upload ?? {};
  card.querySelector("#drop-notes").replaceChildren(...notes.map((note) => h("li", {}, `Left out: ${note}`)));
  card.querySelector("#drop-notes").hidden = !notes.length;
  table(card.querySelector("#drop-imports"), IMPORTED, imports, "What became of the rows");
  table(card.querySelector("#drop-rejections"), REJECTIONS, rejections, "Rejected rows");
  const first = rejected > rejections.length ? `, the first ${count(rejections.length)} of ${count(rejected)}` : "";
  card.querySelector("h3").textContent = `Rejected rows${first}`;
}

function table(box, columns, rows, label) {
  box.hidden = !rows.length;
  renderTable(box.querySelector(".table-box"), columns, rows, { key: (row) => `${row.import_id} ${row.row ?? ""}`, label });
}

/** A text that is the same isn't read out again. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
