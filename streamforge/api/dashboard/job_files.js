// The files that a job has made.

import { h } from "./dom.js";
import { bytes, count } from "./format.js";
import { card } from "./parts.js";

const SHOWN = /^image\//;

/** Whether a browser shows a file as a picture. */
export const isPicture = (file) => SHOWN.test(file.media_type);

/** All files, each with its size and type, to look at or to keep. */
export function filesCard(job) {
  const files = job.artifacts ?? [];
  if (!files.length) return null;
  return card(
    "Files",
    h("span", { class: "small dim" }, count(files.length)),
    h("ul", { class: "files" }, files.map(fileRow)),
  );
}

function fileRow(file) {
  const preview = isPicture(file)
    ? h("img", { src: file.url, alt: "", loading: "lazy", width: 36, height: 36 })
    : h("span", { class: "file-kind small", "aria-hidden": "true" }, kindOf(file.name));
  return h(
    "li",
    {},
    h("span", { class: "thumb" }, preview),
    h(
      "span",
      { class: "grow" },
      h("a", { class: "clip", href: file.url, target: "_blank", rel: "noopener", title: file.name }, file.name),
      h("span", { class: "small dim" }, `${bytes(file.size)} · ${file.media_type}`),
    ),
    h(
      "a",
      { class: "button slim quiet", href: file.url, download: file.name, "aria-label": `Download ${file.name}` },
      "Save",
    ),
  );
}

function kindOf(name) {
  return name.includes(".") ? name.split(".").pop().slice(0, 4) : "file";
}
