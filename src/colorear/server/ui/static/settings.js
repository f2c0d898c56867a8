// What holds for a photograph, or for many: the network, how vivid it is, how finely it looks.

const CARD = ["trained_on", "good_at", "weak_at", "license"]; // what is told of a network's card

/**
 * The controls in `root`, which begin with `network`. `changed(what)` hears of each choice; under
 * the name `keptAs` the browser keeps them, if it keeps anything. `words(name)` is what the card of
 * a network says, where there is room for it.
 */
export function createSettings(root, { translate, network, words, keptAs = null, changed }) {
  const find = (selector) => root.querySelector(selector);
  const [model, vividness, view] = ["select.network", "input.vividness", "select.view"].map(find);
  const card = find(".about");
  const manners = [...root.querySelectorAll(".manner input")];
  const usual = { model: network, vividness: 1, view: 1 };

  const value = () => ({ model: model.value, vividness: +vividness.value, view: +view.value });
  const show = () => {
    const percent = Math.round(100 * vividness.value);
    const shown = translate("vividness_value", { percent });
    find("output.vividness").textContent = shown;
    vividness.setAttribute("aria-valuetext", shown);
    for (const manner of manners) manner.checked = +manner.value === +vividness.value;
  };
  const describe = () => {
    if (!card) return;
    card.querySelector("summary").textContent = translate("about_network", { network: model.value });
    const told = words(model.value);
    card.querySelector("dl").replaceChildren(
      ...CARD.filter((field) => told[field]).flatMap((field) => [
        Object.assign(document.createElement("dt"), { textContent: translate(field) }),
        Object.assign(document.createElement("dd"), { textContent: told[field] }),
      ]),
    );
  };
  const set = (known) => {
    const all = { ...usual, ...known };
    model.value = all.model;
    if (!model.value) model.value = network; // it is not here any more
    vividness.value = all.vividness;
    view.value = all.view;
    if (!view.value) view.value = usual.view;
    show();
    describe();
  };
  const choose = (what) => {
    show();
    if (keptAs) keep(keptAs, value());
    changed(what);
  };

  for (const manner of manners)
    manner.addEventListener("change", () => {
      vividness.value = manner.value;
      choose("vividness");
    });
  vividness.addEventListener("input", () => choose("vividness"));
  model.addEventListener("change", () => {
    describe();
    choose("model");
  });
  view.addEventListener("change", () => choose("view"));
  set(keptAs ? kept(keptAs) : {});

  return {
    get value() {
      return value();
    },
    set,
    /** What the network can do. */
    able: ({ safe, views }) => {
      find(".manner").hidden = !safe;
      view.disabled = !views;
    },
  };
}

function kept(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? {};
  } catch {
    return {}; // the browser keeps nothing
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // the browser keeps nothing
  }
}
