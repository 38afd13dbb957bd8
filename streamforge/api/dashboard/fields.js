// Fields with a label, a hint, and a place for what is wrong with them.

import { h } from "./dom.js";
import { sentence } from "./parts.js";

/** A form's fields by the names that the API knows them by. */
export function fieldSet() {
  const known = new Map();

  /** A label over an input; `input` is what to mark where `node` is more than that. */
  const field = (name, label, node, hint = "", input = node) => {
    const id = `in-${name.replaceAll(/[^a-z0-9]/gi, "-")}`;
    const wrong = h("p", { class: "wrong", id: `${id}-wrong` });
    input.id = id;
    const said = [hint && `${id}-hint`, `${id}-wrong`].filter(Boolean).join(" ");
    input.setAttribute("aria-describedby", said);
    known.set(name, { input, wrong });
    return h(
      "div",
      { class: "field" },
      h("label", { for: id }, label),
      node,
      hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
      wrong,
    );
  };

  /** A legend over several inputs. */
  const group = (name, label, node) => {
    const wrong = h("p", { class: "wrong" });
    known.set(name, { input: node.querySelector("input, select, textarea, button"), wrong });
    return h("fieldset", { class: "field" }, h("legend", {}, label), node, wrong);
  };

  /** Mark the field that a problem names and go there; whether there is one. */
  const wrong = ({ field: path = "", message = "", hint = "" }) => {
    const [name] = path.replace(/^\$?\.?(input\.)?/, "").split(/[.[]/);
    const found = known.get(name);
    if (!found) return false;
    found.wrong.textContent = [message, hint].filter(Boolean).map(sentence).join(" ");
    found.input?.setAttribute("aria-invalid", "true");
    found.input?.closest("details")?.setAttribute("open", "");
    found.input?.focus();
    return true;
  };

  const clear = () => {
    for (const { input, wrong: place } of known.values()) {
      place.textContent = "";
      input?.removeAttribute("aria-invalid");
    }
  };

  return { field, group, wrong, clear };
}
