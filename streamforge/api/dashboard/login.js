// Login with an API key. The key is sent once; the browser keeps a cookie that scripts cannot read.

import { h, fill } from "./dom.js";
import { post } from "./http.js";
import { busy, failure } from "./parts.js";

/** The form; `entered` is called after the server has taken the key. */
export function login(entered) {
  const wrong = h("div");
  const key = h("input", {
    id: "key",
    type: "password",
    name: "key",
    required: true,
    autocomplete: "current-password",
    spellcheck: "false",
    "aria-describedby": "key-hint",
  });
  const send = h("button", { class: "solid" }, "Sign in");
  const submit = async (event) => {
    event.preventDefault();
    fill(wrong);
    await busy(send, () => tried(key, wrong, entered));
  };
  const hint = h(
    "p",
    { class: "hint", id: "key-hint" },
    "On the server, ",
    h("code", {}, "streamforge keys create"),
    " makes one.",
  );
  const field = h("div", { class: "field" }, h("label", { for: "key" }, "API key"), key, hint);
  const form = h(
    "form",
    { class: "form card body login", onsubmit: submit },
    h("h1", {}, "Sign in"),
    field,
    wrong,
    send,
  );
  queueMicrotask(() => key.focus());
  return form;
}

async function tried(key, wrong, entered) {
  try {
    await post("/session", { key: key.value.trim() });
  } catch (error) {
    fill(wrong, failure(error));
    key.setAttribute("aria-invalid", "true");
    key.focus();
    key.select();
    return;
  }
  await entered();
}
