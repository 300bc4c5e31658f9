// Templates: htm reads them, preact shows them. What is put into one is text, never markup.
import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
