// What a job made, to look at: a banner's canvases and versions with graph and checks, or whatever pictures there are.

import { h, fill } from "./dom.js";
import { get } from "./http.js";
import { card } from "./parts.js";
import { isPicture } from "./job_files.js";
import { bannerCards } from "./banner.js";

/** Cards with the job's pictures; nothing where it has none. */
export function resultOf(job, signal) {
  const files = job.artifacts ?? [];
  const named = (name) => files.find((file) => file.name === name);
  if (named("report.json") && named("graph.json"))
    return reported(job, named("report.json"), named("graph.json"), signal);
  return [picturesCard(files.filter(isPicture))];
}

/** The pictures at once, and the banner's whole story in their place as soon as it is here. */
function reported(job, report, graph, signal) {
  const place = h(
    "div",
    { class: "stack" },
    picturesCard(job.artifacts.filter((file) => isPicture(file) && !/^v\d+-/.test(file.name)).slice(0, 1)),
  );
  Promise.all([get(report.url, { signal }), get(graph.url, { signal })])
    .then(([story, design]) => fill(place, bannerCards(job, story, design, signal)))
    .catch((error) => error.name === "AbortError" || fill(place, picturesCard(job.artifacts.filter(isPicture))));
  return [place];
}

function picturesCard(files) {
  if (!files.length) return null;
  const figures = files.map((file) =>
    h(
      "figure",
      {},
      h(
        "a",
        { href: file.url, target: "_blank", rel: "noopener" },
        h("img", { src: file.url, alt: `Picture ${file.name}` }),
      ),
      h("figcaption", { class: "small dim" }, file.name),
    ),
  );
  return card("Result", null, h("div", { class: "body pictures" }, figures));
}
