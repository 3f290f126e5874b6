// The only module that fetches. The browser's cache keeps the ETags: with `no-cache` it asks each
// time, and an unchanged answer costs the server a 304.

/** An answer that is a problem document, or none at all (status 0). */
export class ApiError extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** The JSON answer to a GET request. */
export async function get(path, parameters, signal) {
  const query = parameters?.toString();
  let response;
  try {
    response = await fetch(query ? `${path}?${query}` : path, { cache: "no-cache", signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The server doesn't answer.");
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new ApiError(response.status, problem.detail ?? `The server answered ${response.status}.`);
  }
  return response.json();
}
