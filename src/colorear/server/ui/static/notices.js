// What a photograph looks like, where that is told: in color already, without grays, framed.

const SENTENCES = {
  color: "is_color",
  colored: "is_colored",
  bilevel: "is_bilevel",
  halftone: "is_halftone",
  framed: "is_framed",
};
const NAMES = {
  color: "short_color",
  colored: "short_colored",
  bilevel: "short_bilevel",
  halftone: "short_halftone",
};

/** In few words, for one of many. */
export const inFewWords = (notice, translate) => (notice ? translate(NAMES[notice]) : "");

/** `leave()` hears that the photograph is better left as it is; gives `show(notices)`. */
export function createNotices(root, { translate, leave }) {
  const button = (key, call, className) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className });
    made.textContent = translate(key);
    made.addEventListener("click", call);
    return made;
  };
  const line = (notice) => {
    const made = document.createElement("p");
    const text = document.createElement("span");
    text.textContent = translate(SENTENCES[notice]);
    const close = () => {
      made.remove();
      root.hidden = !root.children.length;
      document.querySelector(".divider").focus({ preventScroll: true });
    };
    const needsNone = notice === "color" || notice === "colored";
    made.append(text, needsNone ? button("leave_it", leave, "leave") : "");
    made.append(button(needsNone ? "color_anew" : "understood", close, "close"));
    return made;
  };
  return {
    show: (notices) => {
      root.replaceChildren(...notices.map(line));
      root.hidden = !notices.length;
    },
  };
}
