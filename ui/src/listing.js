// A list of runs of which only the part that is looked at is here.
import { batch, signal } from "@preact/signals";
import { ApiError, get } from "./api.js";

/** @typedef {import("./types.js").Row} Row */

export const PAGE = 100;
const MOST_PAGES = 40;
// One is on its way while another one is made: more would only be late for whoever scrolls on.
const MOST_ASKED = 2;
// To count what a filter describes takes a second or two of 100,000 runs.
const COUNT_AGAIN_MS = 5000;

/** @param {number} first @param {number} last */
export function pagesOf(first, last) {
  const pages = [];
  for (let page = Math.floor(first / PAGE); page * PAGE < last; page += 1) pages.push(page);
  return pages;
}

export class Listing {
  /** @param {Record<string, string | undefined>} query What `/api/runs` is asked. */
  constructor(query) {
    this.query = query;
    /** How many runs there are; null: not known yet. */
    this.total = signal(/** @type {number | null} */ (null));
    this.error = signal(/** @type {ApiError | null} */ (null));
    /** Goes up when rows have come. */
    this.version = signal(0);
    /** @type {Map<number, Row[]>} */
    this.pages = new Map();
    /** Whether the total is the last word; a filter takes its time to count. */
    this.counted = signal(true);
    this.wanted = { first: 0, last: PAGE };
    this.abort = new AbortController();
    /** @type {Set<number>} */
    this.asked = new Set();
    this.counting = false;
    this.lastCount = 0;
  }

  /** @param {number} index */
  row(index) {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Every row that is here, in order. */
  rows() {
    return [...this.pages.entries()].sort(([a], [b]) => a - b).flatMap(([, rows]) => rows);
  }

  /** Have a part there, and what may be scrolled to next. @param {number} first @param {number} last */
  need(first, last) {
    this.wanted = { first, last };
    this.pump();
  }

  /** Ask for what is missing, as far as it is time to. */
  pump() {
    if (this.abort.signal.aborted) return;
    const { first, last } = this.wanted;
    const end = this.total.value ?? last;
    const around = pagesOf(Math.max(0, first - PAGE / 2), Math.min(end, last + PAGE / 2));
    for (const page of [...pagesOf(first, last), ...around]) {
      if (this.asked.size >= MOST_ASKED) return;
      if (!this.pages.has(page) && !this.asked.has(page)) void this.fetch(page);
    }
  }

  /** Fetch what is looked at again; the rest when it is looked at. */
  async refresh() {
    const pages = pagesOf(this.wanted.first, this.wanted.last);
    await Promise.all(pages.map((page) => this.fetch(page)));
    for (const page of this.pages.keys()) if (!pages.includes(page)) this.pages.delete(page);
  }

  close() {
    this.abort.abort();
  }

  /** @param {number} page */
  async fetch(page) {
    this.asked.add(page);
    let came = false;
    try {
      const query = { ...this.query, offset: page * PAGE, limit: PAGE };
      const found = await get("runs", query, this.abort.signal);
      this.pages.set(page, found.runs);
      this.forget(page);
      this.error.value = null;
      batch(() => {
        this.learn(found.total, page * PAGE + found.runs.length, found.runs.length === PAGE);
        this.version.value += 1;
      });
      came = true;
    } catch (error) {
      if (!this.abort.signal.aborted && error instanceof ApiError) this.error.value = error;
      else if (!this.abort.signal.aborted) throw error;
    } finally {
      this.asked.delete(page);
    }
    if (came) this.pump();
  }

  /**
   * Note how many runs there are, or at least are.
   * @param {number | null} total
   * @param {number} seen
   * @param {boolean} more
   */
  learn(total, seen, more) {
    const known = this.total.value ?? 0;
    if (total !== null || (!more && seen >= known)) {
      this.total.value = total ?? seen;
      this.counted.value = true;
      return;
    }
    if (seen >= known) {
      this.total.value = more ? seen + 1 : seen;
      this.counted.value = false;
    }
    void this.count();
  }

  async count() {
    if (this.counting) return;
    this.counting = true;
    const due = this.lastCount + COUNT_AGAIN_MS - Date.now();
    if (due > 0) await new Promise((resolve) => setTimeout(resolve, due));
    this.lastCount = Date.now();
    try {
      const { total } = await get("count", this.query, this.abort.signal);
      this.total.value = total;
      this.counted.value = true;
    } catch (error) {
      if (!this.abort.signal.aborted && !(error instanceof ApiError)) throw error;
    } finally {
      this.counting = false;
    }
  }

  /** Keep no more pages than anybody scrolls through in a while. @param {number} newest */
  forget(newest) {
    if (this.pages.size <= MOST_PAGES) return;
    const furthest = [...this.pages.keys()].reduce((far, page) =>
      Math.abs(page - newest) > Math.abs(far - newest) ? page : far,
    );
    this.pages.delete(furthest);
  }
}
