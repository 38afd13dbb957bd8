// Light, dark, or as the system has it.

import { fill, h, s } from "./dom.js";

const KEY = "streamforge.theme";
const NEXT = { system: "light", light: "dark", dark: "system" };
const NAMES = { system: "System", light: "Light", dark: "Dark" };

/** A button that goes through the three. */
export function themeSwitch() {
  const node = h("button", { type: "button", class: "quiet slim theme", title: "Colours" });
  const show = () => {
    const now = document.documentElement.dataset.theme ?? "system";
    fill(node, icon(now), h("span", {}, NAMES[now]));
    node.setAttribute("aria-label", `Colours: ${NAMES[now]}. Change to ${NAMES[NEXT[now]]}`);
  };
  node.addEventListener("click", () => {
    choose(NEXT[document.documentElement.dataset.theme ?? "system"]);
    show();
  });
  show();
  return node;
}

/** A disc, filled as far as the page is dark. */
function icon(theme) {
  const dark = { system: "M8 3a5 5 0 0 1 0 10Z", light: "", dark: "M8 3a5 5 0 0 1 0 10 5 5 0 0 1 0-10Z" }[theme];
  return s(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    s("circle", { cx: 8, cy: 8, r: 5, fill: "none", stroke: "currentColor", "stroke-width": 1.5 }),
    dark && s("path", { d: dark, fill: "currentColor" }),
  );
}

function choose(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}
