// Dead letters: what could not be done, why, and what to do with it.

import { h, fill, keyed, settled, throttled } from "./dom.js";
import { count, counted, shortId, when, words } from "./format.js";
import { get, part, post, remove, withQuery } from "./http.js";
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
  json,
  nameCell,
  opened,
  sentence,
  table,
  toast,
} from "./parts.js";

const LIMIT = 50;
const COLUMNS = [
  ["Job"],
  ["Why"],
  ["Kind", "fit p2"],
  ["Tenant", "fit p3"],
  ["Attempts", "end fit p3"],
  ["When", "end fit p2"],
  ["", "fit"],
];

/** The view. */
export function dead(context) {
  const list = new Letters(context);
  list.load();
  followAll(["job.failed", "job.requeued"], { event: list.soon, gap: list.soon }, context.signal);
  return [
    head("Dead letters", {
      text: "Jobs that ended with an error, and messages that never became a job. Start them again, or delete them.",
    }),
    list.filters,
    list.node,
  ];
}

class Letters {
  constructor({ query, signal, me, may, keepQuery }) {
    Object.assign(this, { query, signal, may, keepQuery, items: [], next: "" });
    const { node, body } = table("Dead letters", COLUMNS, "stacked");
    Object.assign(this, {
      rows: node,
      body,
      place: h("div", {}, bones(6)),
      more: h("div", { class: "more" }),
      found: h("span", { class: "small dim", role: "status" }),
    });
    this.node = card("Letters", this.found, this.place, this.more);
    this.soon = throttled(() => this.load(), 1500, signal);
    this.filters = this.bar(me);
  }

  bar(me) {
    const field = (name, label) => {
      const change = settled((value) => this.filter(name, value), 250, this.signal);
      const input = h("input", {
        id: `d-${name}`,
        value: this.query[name] ?? "",
        placeholder: "Any",
        spellcheck: "false",
        oninput: (event) => change(event.target.value.trim()),
      });
      return h("div", { class: "field" }, h("label", { for: `d-${name}` }, label), input);
    };
    return h(
      "form",
      { class: "filters", role: "search", "aria-label": "Dead letters", onsubmit: (event) => event.preventDefault() },
      field("reason", "Reason"),
      field("kind", "Kind"),
      me.tenant === "*" && field("tenant", "Tenant"),
    );
  }

  filter(name, value) {
    this.query = { ...this.query, [name]: value };
    this.keepQuery(this.query);
    this.load();
  }

  async load(cursor = "") {
    try {
      const found = await get(withQuery("/dead", { ...this.query, limit: LIMIT, cursor }), { signal: this.signal });
      this.items = cursor ? [...this.items, ...found.items] : found.items;
      this.next = found.next_cursor ?? "";
      this.show();
    } catch (error) {
      if (error.name !== "AbortError" && error.status !== 401)
        fill(
          this.place,
          h(
            "div",
            { class: "body" },
            failure(error, () => this.load()),
          ),
        );
    }
  }

  show() {
    if (this.items.length) {
      keyed(
        this.body,
        this.items,
        (item) => item.id,
        (item) => this.row(item),
      );
      if (this.place.firstChild !== this.rows) fill(this.place, this.rows);
    } else {
      const isFiltered = Object.values(this.query).some(Boolean);
      fill(
        this.place,
        isFiltered
          ? empty("No letter fits", "Change the filters.")
          : empty("No dead letters", "Everything that was handed in has been done, or is on its way."),
      );
    }
    this.found.textContent = `${count(this.items.length)}${this.next ? "+" : ""} shown`;
    fill(this.more, this.next && button("Show more", () => this.load(this.next)));
  }

  row(letter) {
    const name = letter.job_id
      ? h(
          "a",
          { class: "mono clip", href: `#/jobs/${part(letter.job_id)}`, title: letter.job_id },
          letter.job_id.length > 40 ? shortId(letter.job_id) : letter.job_id,
        )
      : h("span", { class: "dim clip" }, "message in the inbox");
    return h(
      "tr",
      {},
      h("td", { class: "wide narrow" }, name),
      h(
        "td",
        { class: "wide" },
        h(
          "span",
          { class: "clip", title: letter.error.message },
          sentence(letter.error.friendly ?? letter.error.message),
        ),
        h("span", { class: "clip small dim" }, `${words(letter.reason)} · ${letter.error.message}`),
      ),
      nameCell(letter.kind || "–", "p2"),
      nameCell(letter.tenant || "–", "p3"),
      h("td", { class: "end fit p3" }, letter.attempts || "–"),
      h("td", { class: "end fit p2" }, when(letter.at_ms)),
      h(
        "td",
        { class: "fit" },
        h(
          "div",
          { class: "row tight" },
          this.may("submit") && this.requeuer(letter),
          button("More", () => this.open(letter), "slim quiet", { "aria-label": `More about ${called(letter)}` }),
        ),
      ),
    );
  }

  requeuer(letter) {
    return button("Requeue", (event) => this.requeue(letter, event.currentTarget, false), "slim", {
      "aria-label": `Requeue ${called(letter)}`,
    });
  }

  requeue(letter, node, fresh) {
    return busy(node, async () => {
      await post(`/dead/${part(letter.id)}/requeue`, { fresh });
      toast(`${called(letter)} is queued again.`);
      await this.load();
    });
  }

  async open(letter) {
    const dialog = letterDialog(letter, this.may("submit"));
    const chosen = await opened(dialog);
    if (chosen === "requeue" || chosen === "fresh") await this.requeue(letter, h("button"), chosen === "fresh");
    if (chosen === "delete") await this.forget(letter);
  }

  async forget(letter) {
    const text = `${called(letter)} cannot be started again from here afterwards. Its record stays until it expires.`;
    if (!(await confirmed({ title: "Delete this letter?", text, action: "Delete", isHarmful: true }))) return;
    await busy(h("button"), async () => {
      await remove(`/dead/${part(letter.id)}`);
      toast("The letter is deleted.");
      await this.load();
    });
  }
}

const called = (letter) => (letter.job_id ? `Job ${shortId(letter.job_id)}` : "The message");

/** What happened, and what was asked for; the dialog's return value is what to do. */
function letterDialog(letter, isAllowed) {
  const { error } = letter;
  const asked = h("div", {}, bones(2));
  get(`/dead/${part(letter.id)}`).then(
    (whole) => fill(asked, json(whole.input ?? whole.fields, "What was asked for")),
    (problem) => fill(asked, failure(problem)),
  );
  const act = (value, text, kind) => h("button", { value, class: kind }, text);
  const actions = isAllowed
    ? [act("delete", "Delete…", "danger"), act("fresh", "Requeue from the start"), act("requeue", "Requeue", "solid")]
    : [];
  const notes = [
    letter.attempts && counted(letter.attempts, "attempt"),
    letter.crashes && counted(letter.crashes, "crash", "crashes"),
    letter.signal && `killed by ${letter.signal}`,
  ]
    .filter(Boolean)
    .join(", ");
  return h(
    "dialog",
    { class: "broad", "aria-labelledby": "letter-title" },
    h(
      "form",
      { method: "dialog" },
      h(
        "div",
        { class: "row" },
        h("h2", { id: "letter-title", class: "grow" }, sentence(error.friendly ?? error.message)),
        badge("failed", words(letter.reason), "bad"),
      ),
      h("p", {}, sentence(error.message), error.hint && ` ${sentence(error.hint)}`),
      h(
        "p",
        { class: "small dim" },
        [letter.kind, letter.queue && `queue ${letter.queue}`, notes].filter(Boolean).join(" · "),
      ),
      asked,
      h("div", { class: "actions" }, h("button", { value: "", class: "quiet", autofocus: true }, "Close"), actions),
    ),
  );
}
