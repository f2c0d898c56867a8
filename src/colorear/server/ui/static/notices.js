// What a photograph looks like, where that is told: in color already, without grays, framed.

const SENTENCES = {
  color: "is_color",
  colored: "is_colored",
  bilevel: "is_bilevel",
  halftone: "is_halftone",
  framed: "is_framed",
  negative: "is_negative",
};
const NAMES = {
  color: "short_color",
  colored: "short_colored",
  bilevel: "short_bilevel",
  halftone: "short_halftone",
  negative: "short_negative",
};

/** In few words, for one of many. */
export const inFewWords = (notice, translate) => (notice ? translate(NAMES[notice]) : "");

/**
 * `leave()` hears that the photograph is better left as it is, `invert()` that it is a negative.
 * Gives `show(notices)` of a photograph, and `add(notice, { isOneOfMany })`, which says it once.
 */
export function createNotices(root, { translate, leave, invert }) {
  const said = new Set(); // of this photograph, closed or not
  const button = (key, call, className) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className });
    made.textContent = translate(key);
    made.addEventListener("click", call);
    return made;
  };
  const line = (notice, { isOneOfMany = false } = {}) => {
    const made = document.createElement("p");
    const text = document.createElement("span");
    text.textContent = translate(SENTENCES[notice]);
    const close = () => {
      made.remove();
      root.hidden = !root.children.length;
      document.querySelector(".divider").focus({ preventScroll: true });
    };
    const needsNone = notice === "color" || notice === "colored";
    said.add(notice);
    made.append(text, needsNone ? button("leave_it", leave, "leave") : "");
    if (notice === "negative" && !isOneOfMany) made.append(button("invert", invert, "leave"));
    made.append(button(needsNone ? "color_anew" : "understood", close, "close"));
    return made;
  };
  return {
    show: (notices) => {
      said.clear();
      root.replaceChildren(...notices.map((notice) => line(notice)));
      root.hidden = !notices.length;
    },
    add: (notice, how) => {
      if (said.has(notice)) return;
      root.append(line(notice, how));
      root.hidden = false;
    },
  };
}
