// All jobs: found by state, kind, queue, tenant and text, by the page, and kept up to date while one looks.

import { h, fill, keyed, settled, throttled } from "./dom.js";
import { count, duration, percent, shortId, when } from "./format.js";
import { get, part, withQuery } from "./http.js";
import { followAll } from "./live.js";
import { badge, bones, button, card, empty, failure, head, nameCell, table } from "./parts.js";

const STATES = [
  "queued",
  "scheduled",
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "expired",
  "created",
  "uploading",
  "upload_failed",
];
const LIMIT = 50;
const COLUMNS = [
  ["Job"],
  ["State", "fit"],
  ["Kind", "fit p2"],
  ["Queue", "fit p3"],
  ["Tenant", "fit p3"],
  ["Attempt", "end fit p3"],
  ["Created", "end fit"],
  ["Took", "end fit p2"],
];

/** The view. */
export function jobs(context) {
  const list = new JobList(context);
  list.load();
  followAll(["job.*"], { event: list.soon, gap: list.soon }, context.signal);
  return [
    head("Jobs", {
      actions: context.may("submit") ? [h("a", { class: "button solid", href: "#/try" }, "New job")] : [],
    }),
    list.filters,
    list.node,
  ];
}

class JobList {
  constructor({ query, signal, me, keepQuery }) {
    Object.assign(this, { query, signal, keepQuery, items: [], next: "", pages: 1, isLoading: false });
    const { node, body } = table("Jobs", COLUMNS, "stacked");
    this.rows = node;
    this.body = body;
    this.place = h("div", {}, bones(8));
    this.more = h("div", { class: "more" });
    this.found = h("span", { class: "small dim", role: "status" });
    this.node = card("Jobs", this.found, this.place, this.more);
    this.soon = throttled(() => this.load(), 1500, signal);
    this.known = { kind: h("datalist", { id: "l-kind" }), queue: h("datalist", { id: "l-queue" }) };
    this.filters = this.bar(me);
  }

  /** Offer the kinds and queues that exist; without them the fields work as well. */
  async suggest() {
    const offer = (name, values) =>
      fill(
        this.known[name],
        values.map((value) => h("option", { value })),
      );
    const read = (path) => get(path, { signal: this.signal }).catch(() => ({ items: [] }));
    offer(
      "kind",
      (await read("/kinds")).items.map((each) => each.kind),
    );
    offer(
      "queue",
      (await read("/queues")).items.map((each) => each.queue),
    );
  }

  bar(me) {
    const search = settled((value) => this.filter("q", value), 250, this.signal);
    const text = h("input", {
      id: "f-q",
      type: "search",
      value: this.query.q ?? "",
      placeholder: "Id or text",
      oninput: (event) => search(event.target.value.trim()),
    });
    const state = h(
      "select",
      { id: "f-state", onchange: (event) => this.filter("state", event.target.value) },
      h("option", { value: "" }, "Any"),
      STATES.map((each) => h("option", { value: each, selected: this.query.state === each }, each.replace("_", " "))),
    );
    const typed = (name, hint) => {
      const change = settled((value) => this.filter(name, value), 250, this.signal);
      return h("input", {
        id: `f-${name}`,
        list: `l-${name}`,
        value: this.query[name] ?? "",
        placeholder: hint,
        spellcheck: "false",
        oninput: (event) => change(event.target.value.trim()),
      });
    };
    const field = (name, label, input) =>
      h("div", { class: "field" }, h("label", { for: `f-${name}` }, label), input, this.known[name]);
    this.suggest();
    return h(
      "form",
      { class: "filters", role: "search", "aria-label": "Jobs", onsubmit: (event) => event.preventDefault() },
      field("q", "Search", text),
      field("state", "State", state),
      field("kind", "Kind", typed("kind", "Any")),
      field("queue", "Queue", typed("queue", "Any")),
      me.tenant === "*" && field("tenant", "Tenant", typed("tenant", "Any")),
    );
  }

  filter(name, value) {
    this.query = { ...this.query, [name]: value };
    this.pages = 1;
    this.keepQuery(this.query);
    this.load();
  }

  /** Read the pages that are shown again; what has not changed stays as it is. */
  async load() {
    this.last?.abort();
    const last = new AbortController();
    this.last = last;
    try {
      const { items, next } = await pagesOf(this.query, this.pages, AbortSignal.any([this.signal, last.signal]));
      Object.assign(this, { items, next });
      this.show();
    } catch (error) {
      if (error.name === "AbortError" || error.status === 401) return;
      fill(
        this.place,
        h(
          "div",
          { class: "body" },
          failure(error, () => this.load()),
        ),
      );
      fill(this.more);
    }
  }

  show() {
    if (!this.items.length) fill(this.place, this.nothing());
    else {
      keyed(this.body, this.items, (item) => item.id, row);
      if (this.place.firstChild !== this.rows) fill(this.place, this.rows);
    }
    const text = `${count(this.items.length)}${this.next ? "+" : ""} shown`;
    if (this.found.textContent !== text) this.found.textContent = text;
    if (!this.next) fill(this.more);
    else if (!this.more.firstChild)
      fill(
        this.more,
        button("Show more", () => this.further()),
      );
  }

  further() {
    this.pages += 1;
    this.load();
  }

  nothing() {
    if (Object.values(this.query).some(Boolean)) {
      return empty(
        "No job fits",
        "Change or clear the filters.",
        button("Clear filters", () => this.clear()),
      );
    }
    return empty(
      "No jobs yet",
      "Jobs show here as soon as they are handed in.",
      h("a", { class: "button solid", href: "#/try" }, "Try one"),
    );
  }

  clear() {
    for (const input of this.filters.elements) input.value = "";
    this.query = {};
    this.pages = 1;
    this.keepQuery({});
    this.load();
    this.filters.elements[0].focus();
  }
}

async function pagesOf(query, pages, signal) {
  const items = [];
  let next = "";
  for (let page = 0; page < pages; page += 1) {
    const found = await get(withQuery("/jobs", { ...query, limit: LIMIT, cursor: next }), { signal });
    items.push(...found.items);
    next = found.next_cursor ?? "";
    if (!next) break;
  }
  return { items, next };
}

function row(job) {
  const isRunning = job.state === "running";
  return h(
    "tr",
    {},
    h("td", { class: "wide" }, ...named(job)),
    h(
      "td",
      { class: "fit" },
      badge(job.state),
      isRunning && h("span", { class: "small dim after" }, percent(job.progress)),
    ),
    nameCell(job.kind, "p2"),
    nameCell(job.queue, "p3", job.priority !== "normal" && h("span", { class: "dim" }, ` · ${job.priority}`)),
    nameCell(job.tenant, "p3"),
    h("td", { class: "end fit p3" }, job.attempt || "–"),
    h("td", { class: "end fit last" }, when(job.created_ms)),
    h("td", { class: "end fit p2" }, took(job)),
  );
}

/** What the job is about, where it says so, and its id; under it why it failed. */
function named({ id, title, error }) {
  const href = `#/jobs/${part(id)}`;
  const short = id.length > 40 ? shortId(id) : id;
  const why = error && (error.friendly ?? error.message);
  if (!title || title === id) {
    const link = h("a", { class: "mono clip", href, title: id }, short);
    return [link, why && h("span", { class: "clip small dim" }, why)];
  }
  const more = h("span", { class: "clip small dim" }, h("span", { class: "mono" }, short), why && ` · ${why}`);
  return [h("a", { class: "clip", href, title }, title), more];
}

function took(job) {
  if (!job.started_ms || !job.finished_ms) return h("span", { class: "dim" }, "–");
  return duration((job.finished_ms - job.started_ms) / 1000);
}
