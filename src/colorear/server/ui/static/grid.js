// Many photographs as a grid of small pictures: only those near what is seen are in memory.

import { inFewWords } from "./notices.js";

const NEAR = "400px"; // around what is seen

/** `open(item)`, `again(item)` and `download(item)` hear what the visitor does with one. */
export function createGrid(root, { translate, open, again, download }) {
  const [list, failures] = [".grid", ".failures"].map((selector) => root.querySelector(selector));
  const tiles = new Map(); // by item
  const items = new Map(); // by tile

  const release = (tile) => {
    if (!tile.url) return;
    URL.revokeObjectURL(tile.url);
    tile.image.removeAttribute("src");
    [tile.url, tile.stamp] = [null, null];
  };
  const draw = (item) => {
    const tile = tiles.get(item);
    if (!tile.isNear || tile.stamp !== item.stamp) release(tile);
    if (!tile.isNear || !item.stamp || tile.url) return;
    tile.stamp = item.stamp;
    tile.url = URL.createObjectURL(item.stamp);
    tile.image.src = tile.url;
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const item = items.get(target);
        if (!item) continue;
        tiles.get(item).isNear = isIntersecting;
        draw(item);
      }
    },
    { rootMargin: NEAR },
  );

  const words = ({ state, seconds, problem, notice }) => {
    if (state === "failed") return problem;
    if (state === "finished" && notice) return inFewWords(notice, translate);
    return translate(state === "finished" ? "finished" : state, { seconds });
  };
  const button = (key, label, name, call) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = translate(key);
    made.ariaLabel = translate(label, { name });
    made.addEventListener("click", call);
    return made;
  };

  const update = (item) => {
    const { element, look, title, state, get } = tiles.get(item);
    element.className = item.state;
    title.textContent = item.name;
    state.textContent = state.title = words(item);
    look.ariaLabel = translate("look", { name: item.name });
    look.disabled = item.state === "failed";
    get.hidden = item.state !== "finished";
    get.ariaLabel = translate("get_label", { name: item.name });
    draw(item);
  };

  /** Those that failed, with the reason, where nobody has to look for them. */
  const showFailures = (failed) => {
    failures.hidden = !failed.length;
    const key = failed.map(({ number, problem }) => `${number} ${problem}`).join("\n");
    if (failures.dataset.key === key) return;
    failures.dataset.key = key;
    failures.querySelector("ul").replaceChildren(
      ...failed.map((item) => {
        const line = document.createElement("li");
        const text = document.createElement("span");
        text.textContent = item.problem.includes(item.name) ? item.problem : `${item.name}: ${item.problem}`;
        line.append(text, button("retry", "retry_label", item.name, () => again(item)));
        return line;
      }),
    );
  };

  return {
    add: (item) => {
      const [element, look, title, state] = ["li", "button", "span", "span"].map((tag) =>
        document.createElement(tag),
      );
      const image = Object.assign(document.createElement("img"), { alt: "", decoding: "async" });
      look.type = "button";
      look.append(image);
      look.addEventListener("click", () => open(item));
      title.className = "name";
      state.className = "state quiet";
      const get = button("get", "get_label", item.name, () => download(item));
      element.append(look, title, state, get);
      tiles.set(item, { element, look, image, title, state, get, isNear: false });
      items.set(element, item);
      list.append(element);
      observer.observe(element);
    },
    update,
    showFailures,
    focus: (item) => tiles.get(item)?.look.focus(),
    clear: () => {
      observer.disconnect();
      for (const tile of tiles.values()) release(tile);
      tiles.clear();
      items.clear();
      list.replaceChildren();
      showFailures([]);
    },
  };
}
