// The first look: what waits, who works, what came out of the last minutes, and what went wrong.

import { h, fill, keyed, throttled, every } from "./dom.js";
import { count, counted, duration, shortId, when } from "./format.js";
import { get, part, post } from "./http.js";
import { followAll } from "./live.js";
import {
  badge,
  bones,
  busy,
  button,
  card,
  confirmed,
  empty,
  failure,
  head,
  nameCell,
  sentence,
  table,
} from "./parts.js";
import { spending } from "./spending.js";
import { SPAN_MS, throughput } from "./throughput.js";

const ENDS = ["job.succeeded", "job.failed", "job.cancelled", "job.expired"];
const REFRESH_MS = 5000;
const MONEY_MS = 60_000;
const UNKNOWN = "no answer";

/** The view. */
export function overview({ me, may, signal }) {
  const parts = {
    strip: strip(),
    chart: throughput(),
    queues: queues(me, may),
    workers: workers(me, may),
    failures: failures(),
    money: spending(me),
  };
  const load = () =>
    Promise.all([parts.queues.load(signal), parts.workers.load(signal), parts.failures.load(signal)]).then(
      parts.strip.stand,
    );
  const draw = () => {
    parts.chart.draw();
    parts.strip.ended(parts.chart);
  };
  load();
  parts.money.load(signal);
  every(REFRESH_MS, load, signal);
  every(MONEY_MS, () => parts.money.load(signal), signal);
  every(1000, draw, signal);
  listen(parts.chart, throttled(load, 1500, signal), throttled(draw, 250, signal), signal);
  return [
    head("Overview"),
    parts.strip.node,
    h(
      "div",
      { class: "overview" },
      h("div", { class: "stack" }, card("Throughput", parts.chart.legend, parts.chart.node), parts.queues.node),
      h("div", { class: "stack" }, parts.workers.node, parts.failures.node, parts.money.node),
    ),
  ];
}

/** The stream begins with what is kept of the last minutes, so that the chart is whole at once. */
function listen(chart, load, draw, signal) {
  const hear = (event) => {
    chart.add(event);
    draw();
    if (Date.now() - event.at_ms < REFRESH_MS) load();
  };
  followAll(ENDS, { event: hear, gap: load }, signal, `${Date.now() - SPAN_MS}-0`);
}

// ---- the figures on top ----

function strip() {
  const names = ["Waiting", "Running", "Done", "Failed", "Dead letters"];
  const cells = names.map((name) => ({
    name,
    value: h("dd", {}, "–"),
    note: h("dd", { class: "note-line" }, "\u00a0"),
  }));
  const node = h(
    "dl",
    { class: "strip card" },
    cells.map(({ name, value, note }) => h("div", {}, h("dt", {}, name), value, note)),
  );
  const put = (index, value, note) => {
    cells[index].value.textContent = value;
    cells[index].note.textContent = note || "\u00a0";
  };
  const stand = ([lines, workers, dead]) => {
    put(0, lines ? count(sum(lines, (line) => line.waiting)) : "–", lines ? oldestOf(lines) : UNKNOWN);
    put(1, lines ? count(sum(lines, (line) => line.running)) : "–", workers ? counted(workers.length, "worker") : UNKNOWN);
    put(4, dead ? count(dead.length) + (dead.hasMore ? "+" : "") : "–", dead ? "kept for a look" : UNKNOWN);
  };
  const ended = (chart) => {
    put(2, count(chart.total("good")), "last 15 min");
    put(3, count(chart.total("bad")), "last 15 min");
  };
  return { node, stand, ended };
}

function oldestOf(lines) {
  const oldest = Math.max(0, ...lines.map((line) => (line.waiting ? line.oldest_age_s : 0)));
  return oldest ? `oldest ${duration(oldest)}` : "nothing waits";
}

const sum = (items, valueOf) => items.reduce((total, item) => total + valueOf(item), 0);

// ---- queues ----

function queues(me, may) {
  const { node: rows, body } = table("Queues", [
    ["Queue"],
    ["State", "fit"],
    ["High", "end fit p2"],
    ["Normal", "end fit p2"],
    ["Low", "end fit p2"],
    ["Waiting", "end fit"],
    ["Running", "end fit p2"],
    ["Oldest", "end fit p2"],
    ...(isOperator(me, may) ? [["", "fit"]] : []),
  ]);
  const place = h("div", {}, bones(3));
  const node = card("Queues", null, place);
  const load = async (signal) => {
    try {
      const { items } = await get("/queues", { signal });
      keyed(
        body,
        items,
        (item) => item.queue,
        (item) => queueRow(item, isOperator(me, may) && (() => load(signal))),
      );
      if (place.firstChild !== rows) fill(place, rows);
      return items;
    } catch (error) {
      return broken(error, place, () => load(signal));
    }
  };
  return { node, load };
}

function queueRow(queue, reload) {
  return h(
    "tr",
    {},
    h(
      "td",
      { class: "wide" },
      h("a", { class: "clip", href: `#/jobs?queue=${part(queue.queue)}`, title: queue.queue }, queue.queue),
    ),
    h("td", { class: "fit" }, queue.paused ? badge("paused") : badge("active", "taking jobs", "good")),
    ["high", "normal", "low"].map((each) => h("td", { class: "end fit p2" }, count(queue.priorities[each]))),
    h("td", { class: "end fit" }, count(queue.waiting)),
    h("td", { class: "end fit p2" }, count(queue.running)),
    h("td", { class: "end fit p2" }, queue.waiting ? duration(queue.oldest_age_s) : h("span", { class: "dim" }, "–")),
    reload && h("td", { class: "fit" }, pauser(queue, reload)),
  );
}

function pauser(queue, reload) {
  const act = queue.paused ? "resume" : "pause";
  const text = queue.paused ? "Resume" : "Pause";
  const press = (event) => busy(event.currentTarget, () => post(`/queues/${part(queue.queue)}/${act}`).then(reload));
  return button(text, press, "slim", { "aria-label": `${text} the queue ${queue.queue}` });
}

// ---- workers ----

function workers(me, may) {
  const { node: rows, body } = table("Workers", [
    ["Worker"],
    ["Queues", "p2"],
    ["Jobs", "end fit"],
    ...(isOperator(me, may) ? [["", "fit"]] : []),
  ]);
  const place = h("div", {}, bones(2));
  const node = card("Workers", null, place);
  const load = async (signal) => {
    try {
      const { items } = await get("/workers", { signal });
      keyed(
        body,
        items,
        (item) => item.name,
        (item) => workerRow(item, isOperator(me, may) && (() => load(signal))),
      );
      if (!items.length)
        fill(place, empty("Nobody works", "Start a daemon with `streamforge run`; it shows here within seconds."));
      else if (place.firstChild !== rows) fill(place, rows);
      return items;
    } catch (error) {
      return broken(error, place, () => load(signal));
    }
  };
  return { node, load };
}

function workerRow(worker, reload) {
  const drain = async (event) => {
    const node = event.currentTarget;
    const text = `${worker.name} takes nothing more, hands back what does not end in time, and stops for good.`;
    if (await confirmed({ title: "Drain this worker?", text, action: "Drain", isHarmful: true }))
      await busy(node, () => post(`/workers/${part(worker.name)}/drain`).then(reload));
  };
  return h(
    "tr",
    {},
    h("td", { class: "wide" }, h("span", { class: "clip", title: worker.name }, worker.name)),
    nameCell(Object.keys(worker.queues).join(", ") || "idle", "p2 dim"),
    h("td", { class: "end fit" }, count(worker.busy)),
    reload && h("td", { class: "fit" }, button("Drain", drain, "slim", { "aria-label": `Drain ${worker.name}` })),
  );
}

const isOperator = (me, may) => may("admin") && me.tenant === "*";

// ---- failures ----

function failures() {
  const list = h("ul", { class: "failures" });
  const place = h("div", {}, bones(3));
  const node = card("Recent failures", h("a", { class: "small", href: "#/dead" }, "All dead letters"), place);
  const load = async (signal) => {
    try {
      const { items, next_cursor } = await get("/dead?limit=100", { signal });
      keyed(list, items.slice(0, 6), (item) => item.id, failureRow);
      if (!items.length)
        fill(place, empty("Nothing has failed", "Jobs that end with an error are kept here with the reason."));
      else if (place.firstChild !== list) fill(place, list);
      return Object.assign([...items], { hasMore: Boolean(next_cursor) });
    } catch (error) {
      return broken(error, place, () => load(signal));
    }
  };
  return { node, load };
}

function failureRow(letter) {
  const id = letter.job_id;
  const name = id
    ? h("a", { class: "mono clip", href: `#/jobs/${part(id)}`, title: id }, shortId(id))
    : h("span", { class: "dim" }, "message in the inbox");
  return h(
    "li",
    {},
    h(
      "div",
      { class: "row" },
      name,
      h("span", { class: "dim small clip", title: letter.kind }, letter.kind),
      h("span", { class: "grow" }),
      h("span", { class: "dim small" }, when(letter.at_ms)),
    ),
    h("p", { class: "clip small" }, sentence(letter.error.friendly)),
  );
}

/** Say why a card cannot be shown; null is what is known of it then. */
function broken(error, place, retry) {
  if (error.name !== "AbortError" && error.status !== 401)
    fill(place, h("div", { class: "body" }, failure(error, retry)));
  return null;
}
