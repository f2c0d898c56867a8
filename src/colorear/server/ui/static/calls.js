// How the page asks the server: within a sitting, which is begun anew if it was put away.

const here = (path) => new URL(path, document.baseURI).href;

const post = (name, payload) =>
  fetch(here(`page/actions/${name}`), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(payload),
  }).then((answer) => answer.json());

/** What the server tells of itself: words, networks, examples. */
export const settings = () => fetch(here("page/settings")).then((answer) => answer.json());

/** Asks and uploads. `problem` hears what went wrong, in a sentence. */
export function calling({ say, problem }) {
  let sitting = null; // what it will be
  let secret = null; // what it is
  let opened = null; // how to open again what was open

  const begin = async () => {
    if (!sitting) sitting = post("begin", {}).then((answer) => answer.sitting);
    secret = await sitting;
    return secret;
  };

  const whole = async (call, { restore = true, last = false } = {}) => {
    try {
      const answer = await call(await begin());
      if (!answer.gone) {
        if (answer.problem) problem(answer.problem);
        return answer;
      }
      sitting = null;
      if (last) throw new Error("gone again");
      if (restore && opened) {
        const back = await opened();
        if (back.problem) return back;
      }
      return whole(call, { last: true });
    } catch {
      sitting = null;
      problem(null, say("offline"));
      return { problem: true };
    }
  };

  const send = (purpose, file, network) => async (secret) => {
    const form = new FormData();
    form.append("photograph", file, file.name || "photograph.jpg");
    const headers = { sitting: secret, network };
    const url = here(`page/photographs/${purpose}`);
    return (await fetch(url, { method: "POST", body: form, headers })).json();
  };

  // Also when the browser keeps the page to come back to: then a new sitting is begun.
  addEventListener("pagehide", () => {
    if (!secret) return;
    const payload = new Blob([JSON.stringify({ sitting: secret })], { type: "application/json" });
    navigator.sendBeacon(here("page/actions/end"), payload);
  });

  return {
    ask: (name, asked) => whole((secret) => post(name, { ...asked, sitting: secret })),
    open: async (file, network) => {
      const answer = await whole(send("open", file, network), { restore: false });
      if (!answer.problem) opened = () => whole(send("open", file, network), { restore: false });
      return answer;
    },
    many: (file, network) => whole(send("many", file, network)),
  };
}

/** The free photographs to try. */
export const example = {
  stamp: (name) => here(`page/stamps/${name}`),
  file: async (name) => {
    const answer = await fetch(here(`page/examples/${name}`));
    const told = answer.headers.get("content-disposition") ?? "";
    const called = /filename="([^"]+)"/.exec(told)?.[1] ?? name;
    return new File([await answer.blob()], called);
  },
};

/** Give the visitor a file: one of the server's, or text made here. */
export function keep(name, url) {
  const link = document.createElement("a");
  link.href = url.startsWith("blob:") ? url : here(`page/files/${url}`);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
