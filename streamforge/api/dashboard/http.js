// The API over HTTP: JSON in, JSON out, problems as errors.

const BASE = "/api/v1";

/** An answer that is a problem (RFC 9457), or no answer at all (`status` 0). */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail ?? document.title ?? "the server sent an error");
    this.status = status;
    this.code = document.code ?? "";
    this.field = document.field ?? "";
    this.hint = document.hint ?? "";
  }
}

const UNREACHABLE = {
  detail: "The server does not answer.",
  hint: "It may be restarting. Try again in a moment.",
  code: "unreachable",
};

/** What an answer of 401 does, besides being thrown. */
export const session = { onRefused: () => {} };

/**
 * Ask the API and return the decoded answer; raises Problem. `path` is below /api/v1 unless it begins there.
 * `headers` are added to the request's; `data` is a body that is no JSON, such as a file.
 */
export async function ask(method, path, { body, data, headers = {}, signal } = {}) {
  const answer = await reach(url(path), {
    method,
    signal,
    headers: { ...sent(method, body), ...headers },
    body: body === undefined ? data : JSON.stringify(body),
    cache: "no-store",
  });
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = new Problem(answer.status, await documentOf(answer));
  if (problem.status === 401 && path !== "/session") session.onRefused();
  throw problem;
}

/** GET. */
export const get = (path, options) => ask("GET", path, options);

/** POST. */
export const post = (path, body = {}, options = {}) => ask("POST", path, { body, ...options });

/** PUT of a file. */
export const put = (path, data, options) => ask("PUT", path, { data, ...options });

/** DELETE. */
export const remove = (path, options) => ask("DELETE", path, options);

/** A path with a query of what is not empty. */
export function withQuery(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(given).toString();
  return text ? `${path}?${text}` : path;
}

/** One segment of a path. */
export const part = encodeURIComponent;

/** A random id for a request that may be repeated. */
export function onceKey() {
  const numbers = crypto.getRandomValues(new Uint8Array(16));
  return [...numbers].map((each) => each.toString(16).padStart(2, "0")).join("");
}

async function reach(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, UNREACHABLE);
  }
}

function url(path) {
  return path.startsWith("/api/") ? path : BASE + path;
}

/** The header tells a page of ours from a form of another site, which cannot add one. */
function sent(method, body) {
  const own = method === "GET" ? {} : { "X-Requested-With": "streamforge" };
  return body === undefined ? own : { ...own, "Content-Type": "application/json" };
}

async function documentOf(answer) {
  try {
    return await answer.json();
  } catch {
    return { detail: `The server answered ${answer.status}.`, code: "unreadable" };
  }
}
