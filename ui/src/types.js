// What the server tells; /api/openapi.json describes the same.

/** @typedef {"pending" | "running" | "done" | "error"} Status */

/**
 * @typedef {object} Kind
 * @property {string} relpath
 * @property {string} identifier
 * @property {Partial<Record<Status, number>>} counts
 */

/** @typedef {{ name: string, root: string, kinds: Kind[] }} Project */

/** @typedef {number | string | boolean | null} Cell */

/**
 * @typedef {object} Common
 * @property {string} run
 * @property {string} relpath
 * @property {string} identifier
 * @property {string} uid
 * @property {number} revision
 * @property {Status} status
 * @property {boolean} stale
 * @property {boolean} trashed
 * @property {number} attempt
 * @property {string | null} owner
 * @property {string} created_at
 * @property {string | null} started_at
 * @property {string | null} ended_at
 * @property {number | null} seconds
 * @property {string[]} tags
 * @property {string | null} note
 */

/**
 * @typedef {Common & {
 *   params: Record<string, Cell>, result: Record<string, Cell>, last: Record<string, Cell>,
 *   error: string | null
 * }} Row
 */

/** @typedef {Row & { metrics: Record<string, Record<string, Cell>> }} Compared */

/** @typedef {{ key: string, path: string, size: number | null, sha256: string | null }} RunFile */

/**
 * @typedef {{
 *   status: Status, at: string, attempt: number, detail: string | null,
 *   changed_params: Record<string, { before?: unknown, now?: unknown }> | null,
 * }} Move
 */

/**
 * @typedef {Common & {
 *   params: Record<string, unknown>,
 *   result: Record<string, unknown> | null,
 *   error: string | null,
 *   folder: string,
 *   param_hash: string,
 *   metrics: Record<string, Record<string, unknown>>,
 *   capture: Record<string, unknown>,
 *   files: RunFile[],
 *   history: Move[],
 *   log: number | null,
 * }} Run
 */

/**
 * @typedef {object} Group
 * @property {Cell} value
 * @property {string | null} where The filter that describes its runs.
 * @property {number} total
 * @property {Partial<Record<Status, number>>} counts
 * @property {number} stale Of those that are running.
 * @property {Record<string, number>} means By the names of filters.
 */

/** @typedef {{ by: string, groups: Group[], left_out: number }} Groups */

/** @typedef {{ name: string, values: Cell[], left_out: number }} Axis */

/**
 * @typedef {object} GridCell
 * @property {number} x
 * @property {number} y
 * @property {number} total
 * @property {Partial<Record<Status, number>>} counts
 * @property {number} stale
 * @property {number | null} mean
 * @property {string | null} where
 * @property {string | null} run If there is only one.
 */

/**
 * @typedef {object} Sweep
 * @property {Record<"pending" | "running" | "stale" | "done" | "error", number> & {
 *   runs_per_hour: number | null, seconds_left: number | null }} standing
 * @property {{ name: string, values: number }[]} params Those that differ.
 * @property {string[]} measures
 * @property {string | null} of
 * @property {{ x: Axis, y: Axis | null, cells: GridCell[] } | null} grid
 * @property {{ reason: string, total: number, runs: string[] }[]} failures
 * @property {{ run: string, owner: string | null, since: string | null, attempt: number, stale: boolean }[]} work
 */

export {};
