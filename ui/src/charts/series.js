// Series as the server gives them: a part, in as many points as are drawn.
import { get } from "../api.js";

/**
 * @typedef {object} Series
 * @property {string} run
 * @property {string} name
 * @property {number} count How many points the series has, in whole.
 * @property {number} first Where it begins and ends on the x axis, in whole.
 * @property {number} last
 * @property {number} nan
 * @property {number} infinite
 * @property {Float64Array} x
 * @property {Float64Array} y
 * @property {Float64Array} meanX Empty if all points of the part are there.
 * @property {Float64Array} meanY
 */

/** @typedef {{ project: string, runs: string[], name: string, x: string }} Ask */

/** The server tells no more runs at once. */
export const MOST_RUNS = 100;

/**
 * @param {Ask} ask
 * @param {[number, number] | null} part
 * @param {number} points
 * @param {AbortSignal} signal
 * @returns {Promise<{ series: Series[], problems: { run: string, error: string }[] }>}
 */
export async function fetchSeries({ project, runs, name, x }, part, points, signal) {
  const words = new URLSearchParams([
    ["project", project],
    ["name", name],
    ["x", x],
    ["points", String(Math.round(Math.min(Math.max(points, 50), 2000)))],
    ...runs.slice(0, MOST_RUNS).map((run) => ["run", run]),
    ...(part ? [["from", String(part[0])], ["to", String(part[1])]] : []),
  ]);
  const { series, problems } = await get(`series?${words}`, {}, signal);
  return { series: series.map(unpacked), problems };
}

/** @param {any} packed @returns {Series} */
function unpacked({ mean_x, mean_y, ...series }) {
  const [x, y] = [column(series.x), column(series.y)];
  return { ...series, x, y, meanX: column(mean_x), meanY: column(mean_y) };
}

/** Float64 in base64. @param {string} text */
function column(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return new Float64Array(bytes.buffer);
}
