// Asking for series while somebody looks, again and again while a run logs.
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../api.js";
import { changes } from "../live.js";
import { fetchSeries } from "./series.js";

/** @typedef {import("./series.js").Series} Series */
/** @typedef {import("./series.js").Ask} Ask */
/** @typedef {{ series: Series[], problems: { run: string, error: string }[] }} Answer */

const AGAIN_MS = 600;

/**
 * @param {Ask} ask
 * @param {[number, number] | null} zoom
 * @param {number} points 0: nothing is asked for yet.
 * @param {boolean} live
 * @returns {{ whole: Answer | null, part: Answer | null, error: string }}
 */
export function useSeries(ask, zoom, points, live) {
  const key = JSON.stringify(ask);
  const [whole, error] = useAnswer(key, ask, null, points, live);
  const thinned = whole?.series.some((series) => series.meanX.length > 0) ?? false;
  const [part] = useAnswer(`${key} ${zoom}`, ask, zoom, zoom && thinned ? points : 0, live);
  return { whole, part, error };
}

/**
 * @param {string} key
 * @param {Ask} ask
 * @param {[number, number] | null} zoom
 * @param {number} points
 * @param {boolean} live
 * @returns {[Answer | null, string]}
 */
function useAnswer(key, ask, zoom, points, live) {
  const [held, setHeld] = useState(/** @type {{ key: string, answer: Answer } | null} */ (null));
  const [error, setError] = useState("");

  useEffect(() => {
    if (points === 0) return undefined;
    const abort = new AbortController();
    const load = async () => {
      if (document.hidden) return;
      try {
        const answer = await fetchSeries(ask, zoom, points, abort.signal);
        setHeld((old) => (old?.key === key && same(old.answer, answer) ? old : { key, answer }));
        setError("");
      } catch (problem) {
        if (abort.signal.aborted) return;
        if (!(problem instanceof ApiError)) throw problem;
        setError(problem.message);
      }
    };
    void (async () => {
      await load();
      while (live && !abort.signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        if (!abort.signal.aborted) await load();
      }
    })();
    return () => abort.abort();
    // Tried again after a failure when something has changed.
  }, [key, points, live, error === "" ? 0 : changes.value]);

  return [held?.key === key && points > 0 ? held.answer : null, error];
}

/** Points are only ever added. @param {Answer} one @param {Answer} two */
function same(one, two) {
  return (
    one.problems.length === two.problems.length &&
    one.series.length === two.series.length &&
    one.series.every((series, at) => {
      const other = two.series[at];
      return series.run === other?.run && series.count === other.count && series.x.length === other.x.length;
    })
  );
}
