// Asking the server. The browser keeps answers and asks whether they still hold (ETag).

export class ApiError extends Error {
  /** @param {number} status 0: nobody answered. @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @typedef {(url: string, options: RequestInit) => Promise<Response>} Answering */

/** Who answers: the server, unless the answers came along. @type {Answering} */
let answering = (url, options) => fetch(url, options);

/** @param {Answering} other */
export function answerWith(other) {
  answering = other;
}

/** @param {string} path @param {Record<string, string | number | undefined>} query */
export function address(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const words = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return `/api/${path}${given.length ? `?${words}` : ""}`;
}

/**
 * @param {string} path
 * @param {Record<string, string | number | undefined>} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function get(path, query = {}, signal) {
  const response = await ask(address(path, query), { signal: signal ?? null });
  return response.json();
}

/** @param {string} url @param {RequestInit} [options] */
export async function ask(url, options = {}) {
  let response;
  try {
    response = await answering(url, options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, "The server does not answer.");
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => ({ error: response.statusText }));
  throw new ApiError(response.status, told.error);
}

/**
 * Change something.
 * @param {string} method
 * @param {string} path
 * @param {Record<string, string>} query
 * @param {unknown} body
 */
export async function send(method, path, query, body) {
  const headers = { "Content-Type": "application/json" };
  const response = await ask(address(path, query), { method, headers, body: JSON.stringify(body) });
  return response.json();
}
