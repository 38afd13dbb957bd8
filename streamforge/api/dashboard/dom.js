// Building nodes. Whatever comes from a job is text here: there is no way from a string to markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `props`: `on…` are listeners, `style` sets custom properties, `data` the dataset; true, false and null
 * are for attributes that are there or not. Children: nodes, text, arrays of them; null and false are left out.
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  if (tag === "input") node.setAttribute("autocapitalize", "off"); // phones make addresses and names begin large
  return filled(node, props, children);
}

/** The same for SVG. */
export function s(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

/** Replace everything in a node. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter(isShown));
  return node;
}

function filled(node, props, children) {
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  node.append(...children.flat(Infinity).filter(isShown));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "data") Object.assign(node.dataset, value);
  else if (name === "style") for (const [key, each] of Object.entries(value)) node.style.setProperty(key, each);
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : value);
}

function isShown(child) {
  return child !== null && child !== undefined && child !== false && child !== "";
}

/**
 * Show a list by rows that stay what they are: a row is made anew only where its item has changed. Focus in a row that
 * is replaced, or gone, goes to the same place in its successor.
 */
export function keyed(parent, items, keyOf, make) {
  const before = new Map([...parent.children].map((row) => [row.dataset.key, row]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && placeOf(focused, parent);
  const rows = items.map((item) => {
    const key = String(keyOf(item));
    const print = JSON.stringify(item);
    const known = before.get(key);
    if (known?.print === print) return known;
    const row = make(item);
    row.dataset.key = key;
    row.print = print;
    return row;
  });
  if (rows.length !== parent.children.length || rows.some((row, index) => row !== parent.children[index])) {
    parent.replaceChildren(...rows);
    if (place && !document.contains(focused)) refocus(rows, place);
    else focused?.focus({ preventScroll: true });
  }
}

const REACHABLE = "a[href], button, input, select, textarea, summary";

function placeOf(focused, parent) {
  const rows = [...parent.children];
  const at = rows.findIndex((each) => each.contains(focused));
  return { at, key: rows[at].dataset.key, index: [...rows[at].querySelectorAll(REACHABLE)].indexOf(focused) };
}

/** The same place in the same row; where that is gone, in the one that has moved up. */
function refocus(rows, { at, key, index }) {
  const row = rows.find((each) => each.dataset.key === key) ?? rows[at] ?? rows.at(-1);
  row?.querySelectorAll(REACHABLE)[index]?.focus({ preventScroll: true });
}

/** Say something to those who listen to the page. */
export function say(text) {
  document.getElementById("say").textContent = text;
}

/** Call `act` no sooner than `pause_ms` after the last call to what this returns; not once the signal is aborted. */
export function settled(act, pause_ms, signal) {
  let timer = 0;
  signal?.addEventListener("abort", () => clearTimeout(timer));
  return (...given) => {
    clearTimeout(timer);
    if (!signal?.aborted) timer = setTimeout(() => act(...given), pause_ms);
  };
}

/** Call `act` at most once in `pause_ms`, the first time at once, and once more for calls that came in between. */
export function throttled(act, pause_ms, signal) {
  let timer = 0;
  let isWanted = false;
  signal?.addEventListener("abort", () => clearTimeout(timer));
  const run = () => {
    timer = 0;
    if (!isWanted || signal?.aborted) return;
    isWanted = false;
    timer = setTimeout(run, pause_ms);
    act();
  };
  return () => {
    isWanted = true;
    if (!timer) run();
  };
}

/** Call `act` every `pause_ms` while the page is seen, until the signal is aborted. */
export function every(pause_ms, act, signal) {
  const timer = setInterval(() => document.hidden || act(), pause_ms);
  signal.addEventListener("abort", () => clearInterval(timer));
}
