// What a report knows of runs, and how it answers in place of a server.

/** @typedef {import("../src/types.js").Run} Run */
/** @typedef {import("../src/types.js").Compared} Compared */

/**
 * @typedef {object} Kept
 * @property {string} project
 * @property {string} made_at
 * @property {{ facts: Run, compared: Compared }[]} runs
 * @property {{ axis: string, run: string, name: string }[]} series As `/api/series` sends them.
 * @property {{ run: string, error: string }[]} problems
 * @property {number} left_out How many series there was no room for.
 */

/** Read what stands in the file: JSON, deflated, in base64. @param {string} text @returns {Promise<Kept>} */
export async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

/** @param {Kept} kept @returns {import("../src/api.js").Answering} */
export function answeringFrom({ runs, series, problems }) {
  const facts = new Map(runs.map((run) => [run.facts.run, run]));
  /** @type {Map<string, Kept["series"]>} */
  const drawn = new Map();
  for (const each of series) {
    const key = `${each.axis} ${each.name}`;
    drawn.set(key, drawn.get(key) ?? []);
    drawn.get(key)?.push(each);
  }
  /** @type {Record<string, (words: URLSearchParams) => unknown>} */
  const answers = {
    "/api/chosen": (words) => ({ runs: words.getAll("run").flatMap((run) => facts.get(run)?.compared ?? []), missing: [] }),
    "/api/run": (words) => facts.get(words.get("run") ?? "")?.facts,
    "/api/series": (words) => {
      const wanted = new Set(words.getAll("run"));
      const found = drawn.get(`${words.get("x")} ${words.get("name")}`) ?? [];
      return {
        series: found.filter(({ run }) => wanted.has(run)),
        problems: problems.filter(({ run }) => wanted.has(run)),
      };
    },
  };
  return async (url) => {
    const [path = "", query] = url.split("?", 2);
    const answer = answers[path]?.(new URLSearchParams(query));
    return answer ? Response.json(answer) : Response.json({ error: "This is not in the report." }, { status: 404 });
  };
}
