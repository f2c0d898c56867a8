// One photograph in two tabs of a browser: only the tab that took it last keeps what is done.

/** `resume(id)` takes over what the other tab did; `notice` is where the visitor is told. */
export function createTabs(notice, { translate, resume }) {
  const channel = new BroadcastChannel("colorear");
  let mine = null;
  let isElsewhere = false;

  const show = (is) => {
    isElsewhere = is;
    notice.hidden = !is;
  };
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.textContent = translate("go_on_here");
  button.addEventListener("click", () => resume(mine));
  channel.addEventListener("message", ({ data }) => {
    if (mine === null || data.took !== mine) return;
    notice.replaceChildren(translate("elsewhere"), " ", button);
    show(true);
  });

  return {
    /** This tab has the photograph from now on; null: it has none. */
    take: (id) => {
      mine = id;
      show(false);
      if (id !== null) channel.postMessage({ took: id });
    },
    get isElsewhere() {
      return isElsewhere;
    },
  };
}
