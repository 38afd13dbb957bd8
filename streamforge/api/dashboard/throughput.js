// How many jobs ended in each half minute of the last fifteen, drawn from the events themselves.

import { h, s, fill } from "./dom.js";
import { counted } from "./format.js";

const BUCKET_MS = 30_000;
const BUCKETS = 30;
const HEIGHT = 120;
const WIDTH = 600;
const TONES = { "job.succeeded": "good", "job.failed": "bad" };

/** How far back the chart goes. */
export const SPAN_MS = BUCKET_MS * BUCKETS;

/** The chart: `add` an event, `draw` it for now, `total` of a tone. */
export function throughput() {
  const seen = new Map();
  const bars = s("g");
  const lines = s("g", { class: "grid-lines" });
  const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" }, lines, bars);
  const top = h("span", { class: "chart-top dim small" }, "0");
  const axis = h(
    "div",
    { class: "chart-axis dim small", "aria-hidden": "true" },
    h("span", {}, "15 min ago"),
    h("span", {}, "now"),
  );
  const none = h("p", { class: "chart-none dim" }, "No job has ended in the last 15 minutes.");
  const node = h("div", { class: "body chart" }, h("div", { class: "chart-area" }, svg, top, none), axis);
  let drawn = "";

  const add = (event) => {
    const tone = TONES[event.type] ?? "calm";
    const slot = Math.floor(event.at_ms / BUCKET_MS);
    const held = seen.get(slot) ?? { good: 0, bad: 0, calm: 0 };
    held[tone] += 1;
    seen.set(slot, held);
  };
  const columns = () => {
    const last = Math.floor(Date.now() / BUCKET_MS);
    for (const slot of seen.keys()) if (slot <= last - BUCKETS) seen.delete(slot);
    return Array.from(
      { length: BUCKETS },
      (_, index) => seen.get(last - BUCKETS + 1 + index) ?? { good: 0, bad: 0, calm: 0 },
    );
  };
  const total = (tone) => columns().reduce((sum, each) => sum + each[tone], 0);
  const draw = () => {
    const held = columns();
    const print = JSON.stringify(held);
    if (print === drawn) return;
    drawn = print;
    const most = ceiling(Math.max(1, ...held.map((each) => each.good + each.bad + each.calm)));
    fill(
      bars,
      held.flatMap((each, index) => stacked(each, index, most)),
    );
    fill(
      lines,
      [0.25, 0.5, 0.75].map((share) => s("line", { x1: 0, x2: WIDTH, y1: HEIGHT * share, y2: HEIGHT * share })),
    );
    top.textContent = `${most} per 30 s`;
    none.hidden = seen.size > 0;
    svg.setAttribute(
      "aria-label",
      `Last 15 minutes: ${counted(total("good"), "job")} done, ${total("bad")} failed, ${total("calm")} ended early.`,
    );
  };
  draw();
  const legend = h(
    "p",
    { class: "legend small dim" },
    h("i", { data: { tone: "good" } }),
    "succeeded",
    h("i", { data: { tone: "bad" } }),
    "failed",
    h("i", { data: { tone: "calm" } }),
    "cancelled or expired",
  );
  return { node, legend, add, draw, total };
}

function stacked(held, index, most) {
  const step = WIDTH / BUCKETS;
  let y = HEIGHT;
  return ["good", "bad", "calm"]
    .filter((tone) => held[tone])
    .map((tone) => {
      const height = (held[tone] / most) * HEIGHT;
      y -= height;
      return s("rect", { class: `bar-${tone}`, x: index * step + 2, y, width: step - 4, height });
    });
}

/** The next number that makes a round scale. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5, 10].find((each) => each * power >= value);
  return Math.max(4, step * power);
}
