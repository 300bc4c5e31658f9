// Keys that hold wherever one is, but where one writes.

/**
 * @param {string} find What "/" goes to.
 * @param {() => void} close What Escape does.
 */
export function listen(find, close) {
  addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
    if (event.key === "Escape") close();
    if (event.key === "/") {
      event.preventDefault();
      /** @type {HTMLElement | null} */ (document.querySelector(find))?.focus();
    }
  });
}
