// Many photographs, one after the other, and a zip at the end.

import { keep } from "./calls.js";

/** Run the panel of many photographs; gives `add(files)`. */
export function many(root, { say, calls, network }) {
  const find = (selector) => root.querySelector(selector);
  const [progress, list, status, zip] = [".progress", ".list", ".status", ".zip"].map(find);
  const bar = find("progress");
  const select = find("select.network");
  let [waiting, all, done, failed, busy] = [[], 0, 0, 0, false];
  select.value = network;

  const tell = () => {
    const words = [say("progress", { done, all })];
    if (failed) words.push(say("failed", { failed }));
    status.textContent = words.join(" · ");
    bar.max = Math.max(1, all);
    bar.value = done + failed;
    zip.textContent = say("zip", { count: done });
    zip.disabled = busy || !done;
    find(".again").disabled = busy;
  };

  const line = (file) => {
    const item = document.createElement("li");
    const [called, how] = ["span", "span"].map((tag) => document.createElement(tag));
    called.textContent = file.name;
    how.textContent = say("waiting");
    how.className = "quiet";
    item.append(called, how);
    list.append(item);
    return { file, item, how };
  };

  async function work() {
    if (busy) return;
    busy = true;
    tell();
    while (waiting.length) {
      const { file, item, how } = waiting.shift();
      how.textContent = say("working");
      item.className = "working";
      const answer = await calls.many(file, select.value);
      item.className = answer.problem ? "failed" : "finished";
      if (answer.problem) {
        failed += 1;
        how.textContent = answer.problem === true ? say("offline") : answer.problem;
        if (answer.problem !== true) how.lang = "en";
      } else {
        done += 1;
        item.firstChild.textContent = answer.name;
        how.textContent = say("finished", answer);
      }
      tell();
    }
    busy = false;
    tell();
  }

  zip.addEventListener("click", async () => {
    zip.disabled = true;
    const answer = await calls.ask("zipped", {});
    if (!answer.problem) keep(answer.name, answer.file);
    else status.textContent = answer.problem === true ? say("offline") : answer.problem;
    zip.disabled = false;
  });
  find(".again").addEventListener("click", async () => {
    await calls.ask("emptied", {});
    [waiting, all, done, failed] = [[], 0, 0, 0];
    list.replaceChildren();
    progress.hidden = true;
    find(".choose").focus();
  });

  return {
    add: (files) => {
      progress.hidden = false;
      all += files.length;
      waiting.push(...[...files].map(line));
      work();
    },
  };
}
