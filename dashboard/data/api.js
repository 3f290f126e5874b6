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

/** Where one signs in. From the API's own page it leads back to what is shown: what stands after `#`
 * stays in the browser's address all the way. */
export const loginAddress = () => `${address("/login", base ? null : { next: location.pathname + location.search })}${location.hash}`;

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

/** Send files by a form; `told(share)` hears how much of it has gone out. */
export function upload(path, files, parameters, told) {
  const form = new FormData();
  for (const file of files) form.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch doesn't tell how much has gone out
    request.open("POST", address(path, parameters));
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => told(total ? loaded / total : 0);
    request.onerror = () => reject(new ApiError(0, "The files didn't reach the server: it's away, or a file can't be read."));
    request.onload = () => {
      const { status, response } = request;
      if (status === 202) resolve(response);
      else reject(new ApiError(status, response?.detail ?? `The server answered ${status}.`));
    };
    request.send(form);
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
 * asks may see: `may(scope)`, `only`, the one listener whose page a shared link opens, `namesEveryone`,
 * whether charts name all listeners, and `user`, who signed in as `{ name, listener }`.
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
    // A page of another origin may read, and send nothing.
    upload: Boolean(paths["/api/imports"]?.post) && may("admin") && new URL(address("/"), location).origin === location.origin,
    may,
    only: may("charts:read") ? null : (me.listener ?? null),
    namesEveryone: me?.sees_everyone ?? true,
    user: me?.kind === "user" ? me : null,
  };
}
