// The photographs of before, as the visitor finds them again, and forgets them.

/** `resume(work)` hears which one is wanted; gives `refresh()`. */
export function createKept(root, { translate, store, resume }) {
  const list = root.querySelector("ul");
  const dates = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long" });

  const item = (work) => {
    const line = document.createElement("li");
    const [open, forget] = ["button", "button"].map((tag) => document.createElement(tag));
    open.type = forget.type = "button";
    open.ariaLabel = translate("resume", { name: work.name });
    open.title = `${work.name}, ${dates.format(work.changed)}`;
    open.append(Object.assign(document.createElement("img"), { src: work.stamp, alt: "" }));
    open.addEventListener("click", () => resume(work.id));
    forget.className = "forget";
    forget.textContent = "×";
    forget.ariaLabel = forget.title = translate("forget", { name: work.name });
    forget.addEventListener("click", async () => {
      await store.forget(work.id);
      await refresh();
      (list.querySelector("button") ?? document.querySelector(".entry .choose")).focus();
    });
    line.append(open, forget);
    return line;
  };

  async function refresh() {
    const works = await store.list().catch(() => []);
    list.replaceChildren(...works.map(item));
    root.hidden = !works.length;
  }
  root.querySelector(".forget-all").addEventListener("click", async () => {
    if (!confirm(translate("forget_question"))) return;
    await store.forgetAll();
    await refresh();
    document.querySelector(".entry .choose").focus();
  });
  return { refresh };
}
