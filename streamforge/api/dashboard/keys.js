// API keys: made, rotated and revoked here. A secret is shown once.

import { h, fill, keyed } from "./dom.js";
import { when } from "./format.js";
import { get, part, post, remove } from "./http.js";
import {
  badge,
  bones,
  busy,
  button,
  card,
  confirmed,
  copier,
  empty,
  failure,
  head,
  nameCell,
  opened,
  sent,
  table,
  toast,
} from "./parts.js";

const SCOPES = [
  ["read", "Read: see jobs and files"],
  ["submit", "Submit: hand in and cancel jobs, too"],
  ["admin", "Admin: manage keys and webhooks, too"],
];

/** The view. */
export function keys({ me, signal }) {
  const { node: rows, body } = table("API keys", [
    ["Key"],
    ["Scopes", "p2"],
    ["Tenant", "fit p2"],
    ["Created", "end fit p3"],
    ["Last used", "end fit p3"],
    ["", "fit"],
  ]);
  const place = h("div", {}, bones(3));
  const load = async () => {
    try {
      const { items } = await get("/keys?limit=200", { signal });
      keyed(
        body,
        items,
        (item) => item.id,
        (item) => row(item, me, load),
      );
      fill(
        place,
        items.length
          ? rows
          : empty(
              "No keys",
              "A server that listens on this machine alone asks for none. Make one for every program that talks to it.",
            ),
      );
    } catch (error) {
      if (error.name !== "AbortError" && error.status !== 401)
        fill(place, h("div", { class: "body" }, failure(error, load)));
    }
  };
  load();
  const create = button("New key", () => made(me).then((isMade) => isMade && load()), "solid");
  return [head("Keys", { actions: [create] }), card("API keys", null, place)];
}

function row(key, me, load) {
  const own = key.id === me.key_id;
  const tenant = key.tenant === "*" ? "all" : key.tenant;
  const scopes = () => (key.is_expired ? badge("expired") : key.scopes.map((scope) => badge(scope, scope, "calm")));
  return h(
    "tr",
    {},
    h(
      "td",
      {},
      h("span", { class: "mono" }, key.id),
      own && h("span", { class: "dim small after" }, "this session"),
      key.note && h("span", { class: "clip small dim" }, key.note),
      h("span", { class: "row small dim instead" }, scopes(), tenant),
    ),
    h("td", { class: "p2" }, h("span", { class: "row" }, scopes())),
    nameCell(tenant, "p2"),
    h("td", { class: "end fit p3" }, when(key.created_ms)),
    h("td", { class: "end fit p3" }, when(key.last_used_ms)),
    h(
      "td",
      { class: "fit" },
      h(
        "div",
        { class: "row tight" },
        button("Rotate", (event) => rotate(key, event.currentTarget, load), "slim", {
          "aria-label": `Rotate key ${key.id}`,
        }),
        button("Revoke", (event) => revoke(key, event.currentTarget, load), "slim danger", {
          "aria-label": `Revoke key ${key.id}`,
        }),
      ),
    ),
  );
}

async function rotate(key, node, load) {
  const text = `Key ${key.id} gets another secret; the old one stays good for an hour.`;
  if (!(await confirmed({ title: "Rotate this key?", text, action: "Rotate" }))) return;
  const issued = await busy(node, () => post(`/keys/${part(key.id)}/rotate`, { overlap_s: 3600 }));
  if (issued) await secretShown("The new secret", issued.key);
  await load();
}

async function revoke(key, node, load) {
  const text = `Whoever uses key ${key.id} is refused from now on, and its sessions end.`;
  if (!(await confirmed({ title: "Revoke this key?", text, action: "Revoke", isHarmful: true }))) return;
  await busy(node, async () => {
    await remove(`/keys/${part(key.id)}`);
    toast("The key is revoked.");
    await load();
  });
}

/** Ask what the key is for and make it; whether one was made. */
async function made(me) {
  const scope = h(
    "select",
    { id: "k-scope" },
    SCOPES.map(([value, text]) => h("option", { value, selected: value === "submit" }, text)),
  );
  const tenant = tenantAsked(me);
  const note = h("input", { id: "k-note", maxlength: 200, placeholder: "What uses it" });
  const issued = await sent({
    title: "New key",
    action: "Make key",
    fields: [["May", scope], tenant.field, ["Note", note]],
    send: () => post("/keys", { scopes: [scope.value], note: note.value.trim(), ...tenant.given() }),
  });
  if (issued) await secretShown(`Key ${issued.id}`, issued.key);
  return issued !== null;
}

/** Whose something new shall be: a field for those who may say so, and what it adds to the request. */
export function tenantAsked(me) {
  const input = h("input", { id: "in-tenant", maxlength: 64, placeholder: "default", spellcheck: "false" });
  const given = () => (input.value.trim() ? { tenant: input.value.trim() } : {});
  return { field: me.tenant === "*" && ["Tenant", input], given };
}

/** A secret, this once. */
export function secretShown(title, secret) {
  const text = h("input", {
    class: "mono",
    readonly: true,
    value: secret,
    "aria-label": "The secret",
    onfocus: (event) => event.target.select(),
  });
  const actions = h(
    "div",
    { class: "actions" },
    copier(secret, "Copy", ""),
    h("button", { class: "solid" }, "I have it"),
  );
  return opened(
    h(
      "dialog",
      { "aria-labelledby": "s-title" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "s-title" }, title),
        h("p", {}, "Keep it now: it is not shown again."),
        text,
        actions,
      ),
    ),
  );
}
