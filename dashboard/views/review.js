// A listener's span in review, drawn as a picture to keep. Straight onto a canvas: an SVG would
// have to become an image first, which the Content-Security-Policy would have to allow.
import { fitted } from "../charts/texts.js";
import { count, hours, lasting } from "../format.js";

const WIDTH = 1080;
const HEIGHT = 1350;
const MARGIN = 88;
const PAPER = "#123d30";
const INK = "#f4f2ea";
const FAINT = "#9cc7b4";
const ACCENT = "#f2c14e";
const FAMILY = 'Inter, system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

/** Save the picture of an answer of `/api/listeners/…`; `label` is its span. */
export async function savePicture(item, label) {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  drawReview(canvas.getContext("2d"), item, label);
  const url = URL.createObjectURL(await canvas.convertToBlob({ type: "image/png" }));
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: `playcount-${item.listener}-${label}.png`.replaceAll(/[^\p{L}\p{N}.-]+/gu, "-") });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** What the picture says, from top to bottom. */
export function reviewLines(item) {
  const list = (answer, name) => answer.items.slice(0, 5).map((each, place) => `${place + 1}  ${each[name] ?? "unknown"}`);
  return {
    totals: [[hours(item.ms_played), "hours"], [count(item.plays), "plays"], [count(item.days), "days with music"]],
    lists: [["Songs", list(item.songs, "title")], ["Artists", list(item.artists, "artist")]],
    notes: [
      item.personality && `Personality ${item.personality}`,
      item.longest_streak && `Longest streak ${count(item.longest_streak.days)} days`,
      item.sessions.longest && `Longest session ${lasting(item.sessions.longest.minutes * 60)}`,
    ].filter(Boolean),
  };
}

function drawReview(context, item, label) {
  const { totals, lists, notes } = reviewLines(item);
  const write = (text, x, y, { size, weight = 400, colour = INK, room = WIDTH - MARGIN - x }) => {
    context.font = `${weight} ${size}px ${FAMILY}`;
    context.fillStyle = colour;
    context.fillText(fitted(text, room, (each) => context.measureText(each).width), x, y);
  };
  context.fillStyle = PAPER;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  write("PLAYCOUNT", MARGIN, 120, { size: 28, weight: 700, colour: ACCENT });
  write(item.listener, MARGIN, 220, { size: 84, weight: 700 });
  write(label, MARGIN, 284, { size: 42, colour: FAINT });
  const column = (WIDTH - 2 * MARGIN) / totals.length;
  totals.forEach(([number, unit], place) => {
    write(number, MARGIN + place * column, 430, { size: 72, weight: 700, room: column - 20 });
    write(unit, MARGIN + place * column, 478, { size: 30, colour: FAINT, room: column - 20 });
  });
  const half = (WIDTH - 2 * MARGIN) / 2;
  lists.forEach(([title, lines], place) => {
    const x = MARGIN + place * half;
    write(title, x, 610, { size: 34, weight: 700, colour: ACCENT });
    lines.forEach((line, row) => write(line, x, 680 + row * 66, { size: 34, room: half - 30 }));
  });
  notes.forEach((note, row) => write(note, MARGIN, 1100 + row * 58, { size: 36 }));
}
