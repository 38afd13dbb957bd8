// What every view is made of: badges, bars, empty and broken states, cards, tables, dialogs, toasts.

import { h, s, fill, say } from "./dom.js";
import { words } from "./format.js";

const TONES = {
  running: "run",
  succeeded: "good",
  failed: "bad",
  upload_failed: "bad",
  expired: "warn",
  scheduled: "warn",
  retrying: "warn",
  draining: "warn",
  paused: "warn",
  gone: "bad",
  active: "good",
  completed: "good",
};

/** A shape for each tone, so that colour is not the only sign. */
const SHAPES = {
  run: () => s("circle", { cx: 5, cy: 5, r: 3.2, fill: "none", stroke: "currentColor", "stroke-width": 2.6 }),
  good: () => s("path", { d: "M1.5 5.4 4 8l4.6-6", fill: "none", stroke: "currentColor", "stroke-width": 1.8 }),
  bad: () => s("path", { d: "M2 2l6 6M8 2 2 8", fill: "none", stroke: "currentColor", "stroke-width": 1.8 }),
  warn: () => s("path", { d: "M5 1.2 9.2 8.8H.8Z", fill: "currentColor" }),
  calm: () => s("circle", { cx: 5, cy: 5, r: 2.4, fill: "currentColor" }),
};

/** The colour of a state. */
export const toneOf = (state) => TONES[state] ?? "calm";

/** A state as a word with its colour and shape. */
export function badge(state, text = words(state), tone = toneOf(state)) {
  return h(
    "span",
    { class: "badge", data: { tone } },
    s("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, SHAPES[tone]()),
    text,
  );
}

/** A progress bar that can be moved: `{node, set(percent, tone)}`; percent null means that nobody knows. */
export function progressBar(label) {
  const node = h(
    "div",
    { class: "progress", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100 },
    h("i"),
  );
  const set = (value, tone = "run") => {
    node.classList.toggle("unsure", value === null);
    node.dataset.tone = tone;
    if (value === null) return node.removeAttribute("aria-valuenow");
    node.setAttribute("aria-valuenow", Math.round(value));
    node.firstChild.style.setProperty("--share", `${Math.min(100, Math.max(0, value))}%`);
  };
  set(0);
  return { node, set };
}

/** A card with a heading; `aside` stands at the heading's end. */
export function card(title, aside, ...body) {
  const heading = h("h2", {}, title);
  return h("section", { class: "card", "aria-label": title }, h("header", {}, heading, aside), ...body);
}

/** The head of a view. Its heading takes the focus when the view is entered. */
export function head(title, { text, actions = [] } = {}) {
  const tools = actions.length ? h("div", { class: "actions" }, actions) : null;
  return h("div", { class: "head" }, h("h1", { tabindex: "-1" }, title), tools, text && h("p", {}, text));
}

/** What stands where nothing is. */
export function empty(title, text, action) {
  return h("div", { class: "empty" }, h("strong", {}, title), text && h("p", {}, text), action);
}

/** Why something could not be shown or done: message, hint, and a button to try again where that makes sense. */
export function failure(error, retry) {
  const again =
    retry && h("div", { class: "row" }, h("button", { type: "button", class: "slim", onclick: retry }, "Try again"));
  const text = error.hint ? sentence(error.hint) : "";
  return h(
    "div",
    { class: "failure", role: "alert" },
    h("strong", {}, sentence(error.message)),
    text && h("p", {}, text),
    again,
  );
}

/** A message with a capital and a full stop; an address or a name that it begins with stays as it is. */
export function sentence(text) {
  const said = String(text ?? "").trim();
  const whole = /^\p{Ll}[\p{L}'’-]*[,:;.!?]?(\s|$)/u.test(said) ? said.charAt(0).toUpperCase() + said.slice(1) : said;
  return /[.!?…:]$/.test(whole) ? whole : `${whole}.`;
}

/** Grey rows in the shape of what is on its way. */
export function bones(rows = 4) {
  const widths = ["62%", "84%", "48%", "71%", "56%", "78%"];
  const lines = Array.from({ length: rows }, (_, index) => {
    const bone = h("i", { class: "bone" });
    bone.style.setProperty("width", widths[index % widths.length]);
    return h("p", { class: "bone-row" }, bone);
  });
  return h("div", { class: "bones", role: "status", "aria-label": "Loading" }, lines);
}

/**
 * A table with an empty body. `columns`: `[title, class]`; p2 and p3 are left out on narrow screens, where a `stacked`
 * table has its wide cells on lines of their own. `title` is told to those who cannot see it.
 */
export function table(title, columns, kind = "") {
  const heads = columns.map(([text, kind]) =>
    text ? h("th", { scope: "col", class: kind }, text) : h("td", { class: kind }),
  );
  const body = h("tbody");
  const node = h(
    "table",
    { class: `table ${kind}` },
    h("caption", { class: "unseen" }, title),
    h("thead", {}, h("tr", {}, heads)),
    body,
  );
  return { node, body };
}

/** A cell for a name, which may be long: it takes so much room and no more. */
export const nameCell = (name, kind = "", ...after) =>
  h("td", { class: `fit named ${kind}`, title: name }, name, ...after);

/** A button. */
export function button(text, onclick, kind = "", props = {}) {
  return h("button", { type: "button", class: kind, onclick, ...props }, text);
}

/**
 * Have a button do nothing more while `act` runs; what that raises is shown as a toast. Returns what `act` gave. The
 * button is not disabled: it would lose the focus.
 */
export async function busy(node, act) {
  if (node.ariaDisabled === "true") return undefined;
  node.ariaDisabled = "true";
  try {
    return await act();
  } catch (error) {
    if (error.name !== "AbortError") toast(sentence(error.message) + (error.hint ? ` ${sentence(error.hint)}` : ""));
  } finally {
    node.ariaDisabled = null;
  }
  return undefined;
}

/** A short message in the corner, which goes by itself, and is read aloud. */
export function toast(text) {
  const node = h("div", { class: "toast" }, text);
  document.getElementById("toasts").append(node);
  say(text);
  setTimeout(() => node.remove(), 6000);
}

/** Ask before something that cannot be taken back; whether it was confirmed. */
export function confirmed({ title, text, action, isHarmful = false }) {
  const id = "dialog-title";
  const no = h("button", { value: "no", autofocus: true }, "Keep it");
  const yes = h("button", { value: "yes", class: isHarmful ? "danger solid" : "solid" }, action);
  const actions = h("div", { class: "actions" }, no, yes);
  const form = h("form", { method: "dialog" }, h("h2", { id }, title), h("p", {}, text), actions);
  return opened(h("dialog", { "aria-labelledby": id }, form)).then((value) => value === "yes");
}

/** Show a dialog until it is closed; its return value. Focus goes back to where it was. */
export function opened(dialog) {
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (document.contains(before)) before.focus({ preventScroll: true });
      resolve(dialog.returnValue);
    });
  });
}

/**
 * Ask for something in a dialog and send it: what `send` gave, or null where the dialog was closed before. What `send`
 * raises is shown in the dialog, which stays. `fields`: `[label, input]`, the input with an id; false is left out.
 */
export async function sent({ title, action, fields, send }) {
  const wrong = h("div");
  const go = h("button", { class: "solid" }, action);
  const dialog = h("dialog", { "aria-labelledby": "ask-title" });
  let answer = null;
  const onsubmit = async (event) => {
    event.preventDefault();
    fill(wrong);
    go.disabled = true;
    try {
      answer = await send();
      dialog.close();
    } catch (error) {
      fill(wrong, failure(error));
      go.disabled = false;
    }
  };
  const labelled = fields
    .filter(Boolean)
    .map(([label, input]) => h("div", { class: "field" }, h("label", { for: input.id }, label), input));
  const close = button("Close", () => dialog.close(), "quiet");
  const actions = h("div", { class: "actions" }, close, go);
  dialog.append(h("form", { onsubmit }, h("h2", { id: "ask-title" }, title), labelled, wrong, actions));
  await opened(dialog);
  return answer;
}

/** A button that copies a text. */
export function copier(text, label = "Copy", kind = "slim quiet") {
  return button(
    label,
    async () => {
      try {
        await navigator.clipboard.writeText(text);
        toast("Copied.");
      } catch {
        toast("The browser does not let this page copy. Select the text instead.");
      }
    },
    kind,
  );
}

/** One of a few: buttons of which one is pressed. `options`: `[value, label]`; a label may hold nodes. */
export function choice(label, options, value, onpick, kind = "choice") {
  const group = h("div", { class: kind, role: "group", "aria-label": label });
  const buttons = options.map(([each, text]) => {
    const pick = () => {
      for (const other of group.children)
        other.setAttribute("aria-pressed", String(other.dataset.value === String(each)));
      onpick(each);
    };
    return h(
      "button",
      { type: "button", "aria-pressed": String(each === value), data: { value: each }, onclick: pick },
      text,
    );
  });
  return fill(group, buttons);
}

/** A value as JSON, whole, as text. */
export function json(value, label) {
  return h(
    "pre",
    { class: "json", tabindex: "0", role: "region", "aria-label": label },
    JSON.stringify(value, null, 2),
  );
}

/** Names and values, in pairs; pairs without a value are left out. */
export function facts(pairs) {
  const rows = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h(
    "dl",
    { class: "facts" },
    rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}
