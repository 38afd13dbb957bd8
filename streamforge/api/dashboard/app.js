// The page: who is here, which view the address names, and the bar above all of them.

import { h, fill, say } from "./dom.js";
import { keepTime } from "./format.js";
import * as http from "./http.js";
import { onState } from "./live.js";
import { button, bones, failure, toast } from "./parts.js";
import { themeSwitch } from "./theme_switch.js";
import { overview } from "./overview.js";
import { jobs } from "./jobs.js";
import { job } from "./job.js";
import { dead } from "./dead.js";
import { make } from "./make.js";
import { gallery } from "./gallery.js";
import { keys } from "./keys.js";
import { webhooks } from "./webhooks.js";
import { login } from "./login.js";

/** `[pattern, title, view, scope, name in the bar]`; the first that fits is shown. */
const VIEWS = [
  [/^\/$/, "Overview", overview, "read", "Overview"],
  [/^\/jobs$/, "Jobs", jobs, "read", "Jobs"],
  [/^\/jobs\/([^/]+)$/, "Job", job, "read", ""],
  [/^\/dead$/, "Dead letters", dead, "read", "Dead letters"],
  [/^\/try(?:\/([^/]+))?$/, "Try", make, "submit", "Try"],
  [/^\/gallery$/, "Gallery", gallery, "read", "Gallery"],
  [/^\/webhooks$/, "Webhooks", webhooks, "admin", "Webhooks"],
  [/^\/keys$/, "Keys", keys, "admin", "Keys"],
];
const PATHS = {
  Overview: "/",
  Jobs: "/jobs",
  "Dead letters": "/dead",
  Try: "/try",
  Gallery: "/gallery",
  Webhooks: "/webhooks",
  Keys: "/keys",
};
const SAID = { live: "Live", lost: "Reconnecting", off: "" };

const main = document.getElementById("main");
const page = { me: null, leave: new AbortController(), isFirst: true, shown: "" };

/** Read the address: its path, and its query as an object. */
function address() {
  const [path, query = ""] = (location.hash.slice(1) || "/").split("?");
  return { path: path || "/", query: Object.fromEntries(new URLSearchParams(query)) };
}

async function start() {
  bar();
  keepTime();
  http.session.onRefused = signedOut;
  window.addEventListener("hashchange", route);
  await enter();
}

/** Find out who is here, then show the view. */
async function enter() {
  fill(main, bones());
  try {
    page.me = await http.get("/me");
  } catch (error) {
    if (error.status !== 401) fill(main, failure(error, enter));
    return;
  }
  links();
  tools();
  route();
}

function signedOut() {
  page.leave.abort();
  page.me = null;
  links();
  tools();
  document.title = "Sign in · StreamForge";
  fill(main, login(enter));
}

function route() {
  if (!page.me) return;
  page.leave.abort();
  page.leave = new AbortController();
  const { path, query } = address();
  const found = VIEWS.find(([pattern]) => pattern.test(path));
  setOpen(false);
  links();
  if (!found) return lostView();
  const [pattern, title, view, scope] = found;
  if (!may(scope)) return closedView(title, scope);
  const given = path
    .match(pattern)
    .slice(1)
    .map((each) => each && decoded(each));
  document.title = `${title} · StreamForge`;
  fill(main, view({ given, query, me: page.me, signal: page.leave.signal, may, go, keepQuery }));
  arrive(title);
}

/** Keyboards and screen readers begin at the view's heading; on the first page, where the browser puts them. */
function arrive(title) {
  if (!page.isFirst) {
    window.scrollTo(0, 0);
    main.querySelector("h1")?.focus({ preventScroll: true });
    say(title);
  }
  page.isFirst = false;
}

const lostView = () => instead("Not found", "There is no such page");

const closedView = (title, scope) =>
  instead(title, `${title} is not open to this key`, `It takes a key with the scope ${scope}.`);

function instead(title, heading, text) {
  document.title = `${title} · StreamForge`;
  const home = h("a", { class: "button", href: "#/" }, "Overview");
  fill(main, h("div", { class: "empty" }, h("h1", { tabindex: "-1" }, heading), text && h("p", {}, text), home));
  arrive(heading);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const may = (scope) => page.me?.scopes.includes(scope) ?? false;

function go(path) {
  location.hash = path;
}

/** Put a view's filters into the address without entering it anew. */
function keepQuery(query) {
  history.replaceState(null, "", `#${http.withQuery(address().path, query)}`);
}

// ---- the bar ----

function bar() {
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  document.getElementById("menu-button").addEventListener("click", () => setOpen(!isOpen()));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen()) {
      setOpen(false);
      document.getElementById("menu-button").focus();
    }
  });
}

const isOpen = () => "open" in document.getElementById("menu").dataset;

function setOpen(isWanted) {
  const menu = document.getElementById("menu");
  if (isWanted) menu.dataset.open = "";
  else delete menu.dataset.open;
  document.getElementById("menu-button").setAttribute("aria-expanded", String(isWanted));
}

function links() {
  const { path } = address();
  const shown = VIEWS.filter(([, , , scope, name]) => name && may(scope));
  const items = shown.map(([, , , , name]) => {
    const own = PATHS[name];
    const isHere = own === "/" ? path === "/" : path === own || path.startsWith(`${own}/`);
    return h("li", {}, h("a", { href: `#${own}`, "aria-current": isHere && "page" }, name));
  });
  const manual = h("li", {}, h("a", { href: "/docs" }, "API"));
  fill(document.getElementById("links"), items, page.me && manual);
}

function tools() {
  const live = h("span", { class: "live" });
  onState((state) => {
    live.dataset.state = state;
    fill(live, SAID[state] && h("span", {}, SAID[state]));
  });
  fill(
    document.getElementById("tools"),
    page.me && live,
    themeSwitch(),
    page.me?.key_id && who(),
    page.me?.key_id && button("Sign out", signOut, "quiet slim"),
  );
}

function who() {
  const tenant = page.me.tenant === "*" ? "all tenants" : page.me.tenant;
  return h("span", { class: "small dim clip who", title: `Key ${page.me.key_id}` }, tenant);
}

async function signOut() {
  try {
    await http.remove("/session");
    signedOut();
  } catch (error) {
    toast(error.message);
  }
}

start();
