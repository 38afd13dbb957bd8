// The pictures of finished jobs, newest first.

import { h, fill } from "./dom.js";
import { counted, when } from "./format.js";
import { get, part, withQuery } from "./http.js";
import { bones, button, empty, failure, head } from "./parts.js";
import { isPicture } from "./job_files.js";

const LIMIT = 24;
const PAGE = 48;
const MOST_PAGES = 5;
const FRAME = 16 / 10;

/** The view. */
export function gallery({ may, signal }) {
  const grid = h("ul", { class: "gallery" });
  const place = h("div", {}, bones(4));
  const more = h("div", { class: "more bare" });
  const state = { next: "", shown: 0 };
  const load = async () => {
    try {
      state.shown += await further(grid, state, signal);
      fill(place, state.shown ? grid : nothing(may));
      fill(more, state.next && button("Show more", load));
    } catch (error) {
      if (error.name !== "AbortError" && error.status !== 401) fill(place, failure(error, load));
    }
  };
  load();
  return [head("Gallery"), place, more];
}

/** Add the next pictures, over as many pages of jobs as that takes, within bounds; how many were added. */
async function further(grid, state, signal) {
  let added = 0;
  for (let page = 0; page < MOST_PAGES && added < LIMIT; page += 1) {
    const { items, next_cursor } = await get(
      withQuery("/jobs", { state: "succeeded", limit: PAGE, cursor: state.next }),
      { signal },
    );
    const cells = items.map(cell).filter(Boolean);
    grid.append(...cells);
    added += cells.length;
    state.next = next_cursor ?? "";
    if (!state.next) break;
  }
  return added;
}

function nothing(may) {
  return h(
    "div",
    { class: "card" },
    empty(
      "Nothing to look at yet",
      "Pictures of finished jobs are collected here.",
      may("submit") && h("a", { class: "button solid", href: "#/try" }, "Make one"),
    ),
  );
}

/** How far a picture's shape is from its frame's; sizes are in the names of banners. */
function misfit({ name }) {
  const [, width, height] = name.match(/(\d+)x(\d+)/) ?? [];
  return height ? Math.abs(Math.log(width / height / FRAME)) : 0;
}

/** A job by the picture that shows best; jobs without one are left out. */
function cell(job) {
  const pictures = (job.artifacts ?? []).filter((file) => isPicture(file) && !/^v\d+-/.test(file.name));
  if (!pictures.length) return null;
  const own = pictures.filter((file) => file.name !== "contact-sheet.png");
  const best = own.reduce((one, other) => (misfit(other) < misfit(one) ? other : one), own[0] ?? pictures[0]);
  return h(
    "li",
    {},
    h(
      "a",
      { class: "picture-card", href: `#/jobs/${part(job.id)}` },
      h(
        "span",
        { class: "picture" },
        h("img", { src: best.url, alt: job.title || `${job.kind}, ${best.name}`, loading: "lazy" }),
      ),
      h(
        "span",
        { class: "picture-line small" },
        h("span", { class: "clip grow", title: job.title }, job.title || job.kind),
        h("span", { class: "dim nowrap" }, counted(own.length, "picture")),
        h("span", { class: "dim" }, when(job.finished_ms || job.created_ms)),
      ),
    ),
  );
}
