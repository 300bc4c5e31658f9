// What is compared of runs: params, results, and which metrics they have.
import { useEffect, useState } from "preact/hooks";
import { ApiError, get } from "../api.js";
import { changes } from "../live.js";

/** @typedef {import("../types.js").Compared} Compared */

const AGAIN_MS = 1000;
const AT_ONCE = 100; // names in one address, which may not be too long

/** @param {string} project @param {string[]} names @param {AbortSignal} signal @returns {Promise<{ runs: Compared[], missing: string[] }>} */
async function fetchCompared(project, names, signal) {
  const parts = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE).map((name) => ["run", name]);
    parts.push(get(`chosen?${new URLSearchParams([["project", project], ...some])}`, {}, signal));
  }
  const found = await Promise.all(parts);
  return { runs: found.flatMap(({ runs }) => runs), missing: found.flatMap(({ missing }) => missing) };
}

/**
 * @param {string} project
 * @param {string[]} names
 * @returns {{ runs: Compared[] | null, missing: string[], error: string }}
 */
export function useCompared(project, names) {
  const key = [project, ...names].join("//");
  const [found, setFound] = useState({ key: "", runs: /** @type {Compared[] | null} */ (null), missing: /** @type {string[]} */ ([]) });
  const [error, setError] = useState("");
  const [again, setAgain] = useState(0);

  useEffect(() => {
    if (names.length === 0) return undefined;
    const abort = new AbortController();
    fetchCompared(project, names, abort.signal).then(
      ({ runs, missing }) => {
        setFound((old) => (old.key === key && JSON.stringify(old.runs) === JSON.stringify(runs) ? old : { key, runs, missing }));
        setError("");
      },
      (failed) => {
        if (abort.signal.aborted) return;
        if (!(failed instanceof ApiError)) throw failed;
        setError(failed.message);
      },
    );
    return () => abort.abort();
  }, [key, changes.value, again]);

  // The ledger does not hear of a new series for a while; whoever looks at the curves does.
  const logging = found.runs?.some((run) => run.status === "running" && !run.stale) ?? false;
  useEffect(() => {
    if (!logging) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) setAgain((times) => times + 1);
    }, AGAIN_MS);
    return () => clearInterval(timer);
  }, [logging]);

  const here = found.key === key;
  return { runs: here ? found.runs : null, missing: here ? found.missing : [], error };
}
