// The only module that fetches. The browser's cache keeps the ETags: with `no-cache` it asks each
// time, and an unchanged answer costs the server a 304.

const given = new URLSearchParams(globalThis.location?.search).get("api");
const base = (given ?? globalThis.document?.querySelector('meta[name="api"]')?.content ?? "").replace(/\/$/, "");

/** An answer that is a problem document, or none at all (status 0). */
export class ApiError extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** The address of a route, whichever server the page itself came from. */
export function address(path, parameters) {
  const query = new URLSearchParams(parameters ?? "").toString();
  return `${base}${path}${query && `?${query}`}`;
}

/** The JSON answer to a GET request. */
export async function get(path, parameters, signal) {
  let response;
  try {
    response = await fetch(address(path, parameters), { cache: "no-cache", signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The server doesn't answer.");
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new ApiError(response.status, problem.detail ?? `The server answered ${response.status}.`);
  }
  return response.json().catch(() => {
    throw new ApiError(404, "No API answers there; say where it is with ?api=… in the address.");
  });
}

/** A JSON file of `vendor/`, which is where the page is, not the API. */
export async function vendored(name) {
  const response = await fetch(new URL(`../vendor/${name}`, import.meta.url));
  if (!response.ok) throw new ApiError(response.status, `${name} can't be had.`);
  return response.json();
}

/**
 * What this server offers beyond what every one does, as its description says, and what the one who
 * asks may see: `may(scope)`, `only`, the one listener whose page a shared link opens, and
 * `hasAccount`, whether there's a user who can sign out.
 */
export async function offered(signal) {
  const { paths } = await get("/openapi.json", null, signal);
  const takes = (path, name) => Boolean(paths[path]?.get.parameters.some((each) => each.name === name));
  const me = "/api/me" in paths ? await get("/api/me", null, signal) : null;
  const may = (scope) => !me?.access || me.scopes.includes(scope);
  return {
    compare: takes("/api/top-songs", "compare"),
    csv: takes("/api/top-songs", "format"),
    search: "/api/search" in paths,
    may,
    hasAccount: Boolean(me?.access && me.kind === "user"),
    only: may("charts:read") ? null : (me.listener ?? null),
  };
}
