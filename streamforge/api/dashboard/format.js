// How numbers, times and sizes are written.

import { h } from "./dom.js";

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const WHOLE = new Intl.NumberFormat("en");
const MINUTE = 60;
const HOUR = 3600;

/** A count with its thousands apart. */
export const count = (value) => WHOLE.format(value ?? 0);

/** A count with its noun: `1 job`, `2 jobs`; `many` where the plural is another word. */
export const counted = (value, noun, many = `${noun}s`) => `${count(value)} ${value === 1 ? noun : many}`;

/** Seconds as people say them: `340 ms`, `2.4 s`, `3 min 20 s`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
  if (seconds < 0.9995) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < HOUR) return joined(Math.floor(seconds / MINUTE), "min", Math.floor(seconds % MINUTE), "s");
  if (seconds < 48 * HOUR) return joined(Math.floor(seconds / HOUR), "h", Math.floor((seconds % HOUR) / MINUTE), "min");
  return `${Math.floor(seconds / HOUR / 24)} d`;
}

function joined(major, one, minor, other) {
  return minor ? `${major} ${one} ${minor} ${other}` : `${major} ${one}`;
}

/** Bytes in thousands, as files are sold. */
export function bytes(value) {
  if (value < 1000) return `${value} B`;
  if (value < 1e6) return `${Math.round(value / 1000)} kB`;
  return `${(value / 1e6).toFixed(1)} MB`;
}

/** US dollars; small sums keep the digits that matter. */
export function money(usd) {
  if (!usd) return "$0.00";
  return `$${Math.abs(usd) < 0.1 ? usd.toPrecision(2) : usd.toFixed(2)}`;
}

/** A share as percent. */
export const percent = (value) => `${Math.round(value)} %`;

/** How long ago, or how soon. */
export function relative(at_ms, now_ms = Date.now()) {
  const seconds = (now_ms - at_ms) / 1000;
  if (seconds < -1) return `in ${coarse(-seconds)}`;
  if (seconds < 2) return "just now";
  return seconds < 7 * 24 * HOUR ? `${coarse(seconds)} ago` : DAY.format(at_ms);
}

function coarse(seconds) {
  if (seconds < MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  return seconds < 48 * HOUR ? `${Math.floor(seconds / HOUR)} h` : `${Math.floor(seconds / HOUR / 24)} d`;
}

/** A time as `3 min ago`, kept true while it is shown, with the exact time on hover; a dash for none. */
export function when(at_ms) {
  if (!at_ms) return h("span", { class: "dim" }, "–");
  const props = {
    class: "nowrap",
    datetime: new Date(at_ms).toISOString(),
    title: EXACT.format(at_ms),
    data: { ms: at_ms },
  };
  return h("time", props, relative(at_ms));
}

/** The time of day, with the whole date on hover. */
export function clock(at_ms) {
  return h(
    "time",
    { class: "nowrap", datetime: new Date(at_ms).toISOString(), title: EXACT.format(at_ms) },
    CLOCK.format(at_ms),
  );
}

/** Keep every `when` on the page true. */
export function keepTime() {
  setInterval(() => {
    if (document.hidden) return;
    for (const node of document.querySelectorAll("time[data-ms]")) {
      const text = relative(Number(node.dataset.ms));
      if (node.textContent !== text) node.textContent = text;
    }
  }, 1000);
}

/** An id short enough for a table: its beginning, which is its time, and its end, which tells it from others. */
export function shortId(id) {
  return id.length > 16 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

/** `job_failed` as `job failed`. */
export const words = (name) => String(name).replaceAll("_", " ");
