// Versions of one photograph, side by side.

const VERSIONS = 4;

/** `small(number)` is payload for each version; `choose(number)` hears which one is taken. */
export function createVersions(root, { translate, small, choose }) {
  const strips = root.querySelector(".strips");
  let turn = 0;

  const strip = (_, number) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "version" });
    const image = Object.assign(document.createElement("img"), { alt: "" });
    const words = document.createElement("span");
    words.textContent = number ? translate("version", { number: number + 1 }) : translate("first_version");
    input.addEventListener("change", () => choose(number));
    label.append(input, image, words);
    return label;
  };

  /** Ask anew, one after the other; what is payload meanwhile goes first. */
  const fill = async (chosen) => {
    if (root.hidden) return;
    turn += 1;
    const now = turn;
    if (!strips.children.length)
      strips.replaceChildren(...Array.from({ length: VERSIONS }, strip));
    for (const [number, label] of [...strips.children].entries())
      label.querySelector("input").checked = number === chosen;
    for (const [number, label] of [...strips.children].entries()) {
      const response = await small(number);
      if (now !== turn || root.hidden || response.problem) return;
      label.querySelector("img").src = response.after;
    }
  };

  return {
    fill,
    show: (on, chosen) => {
      root.hidden = !on;
      if (!on) strips.replaceChildren();
      fill(chosen);
    },
    get isOpen() {
      return !root.hidden;
    },
  };
}
