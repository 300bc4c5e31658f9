// An answer that the server has to read all runs for: asked for anew when something has changed.
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, get } from "./api.js";
import { changes } from "./live.js";

// To read all runs takes a second or two of 100,000: the server has other things to do, too.
const REST = 3;

/** @typedef {{ asked: string, value: any } | null} Found */

/**
 * What the server said last, which stays until it says something else.
 * @param {string} path
 * @param {Record<string, string | undefined>} query
 * @returns {{ found: Found, error: ApiError | null, asked: string }}
 */
export function useAnswer(path, query) {
  const [{ found, error }, setState] = useState(
    /** @type {{ found: Found, error: ApiError | null }} */ ({ found: null, error: null }),
  );
  const asked = JSON.stringify(query);
  const flight = useRef(/** @type {{ asked: string, abort: AbortController | null, rested: number }} */ ({ asked: "", abort: null, rested: 0 }));
  useEffect(() => {
    const now = flight.current;
    const isNew = asked !== now.asked;
    if (isNew) now.abort?.abort();
    else if (now.abort) return undefined; // it is on its way, and what it brings is new enough
    now.asked = asked;
    const load = async () => {
      const abort = new AbortController();
      now.abort = abort;
      const begun = Date.now();
      try {
        const value = await get(path, JSON.parse(asked), abort.signal);
        setState({ found: { asked, value }, error: null });
      } catch (error) {
        if (abort.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setState((before) => ({ ...before, error }));
      }
      now.abort = null;
      now.rested = Date.now() + REST * (Date.now() - begun);
    };
    // What is asked for is there at once; what has only changed waits its turn.
    const timer = setTimeout(load, isNew ? 0 : Math.max(0, now.rested - Date.now()));
    return () => clearTimeout(timer);
  }, [path, asked, changes.value]);
  useEffect(() => () => flight.current.abort?.abort(), []);
  return { found, error, asked };
}
