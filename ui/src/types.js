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
 * @property {string} created_at
 * @property {string | null} started_at
 * @property {string | null} ended_at
 * @property {number | null} seconds
 * @property {string[]} tags
 * @property {string | null} note
 */

/**
 * @typedef {Common & {
 *   params: Record<string, Cell>, result: Record<string, Cell>, error: string | null
 * }} Row
 */

/** @typedef {Row & { metrics: Record<string, Record<string, Cell>> }} Compared */

/** @typedef {{ key: string, path: string, size: number | null, sha256: string | null }} RunFile */

/** @typedef {{ status: Status, at: string, attempt: number, detail: string | null }} Move */

/**
 * @typedef {Common & {
 *   params: Record<string, unknown>,
 *   result: Record<string, unknown> | null,
 *   error: string | null,
 *   folder: string,
 *   param_hash: string,
 *   owner: string | null,
 *   metrics: Record<string, Record<string, unknown>>,
 *   capture: Record<string, unknown>,
 *   files: RunFile[],
 *   history: Move[],
 *   log: number | null,
 * }} Run
 */

export {};
