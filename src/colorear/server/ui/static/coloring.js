// The picture follows the controls: coarse colors of the newest wish, then fine ones.

const AGAIN = 3000; // milliseconds until a server that could not be reached is asked again
const HIDDEN = 100; // milliseconds after which no picture is waited for: nobody looks at the page

/** Waits until what was changed is on the screen. */
const painted = () =>
  new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, HIDDEN);
  });

/**
 * Gives `recolor()`, to be called at each change, and `forget()`, when the photograph is gone.
 * `request()` is what is wished, `picture()` shows it; `drafted(response)` hears of coarse
 * colors, `came(response)` of fine ones, `settled()` that all is as wished, and
 * `busy(whether)` whether something is.
 */
export function createColoring(api, { request, picture, busy, drafted, came, settled }) {
  let stale = false; // whether there is a wish that nobody has been asked for
  let asking = false; // for coarse colors: one request at a time
  let fine = null; // what fine colors were asked for, if nothing else is wished since
  let turn = 0; // which photograph this is
  let later = null; // will ask again, if the server could not be reached

  async function recolor() {
    clearTimeout(later);
    [stale, fine, later] = [true, null, null];
    if (asking) return;
    asking = true;
    busy(true);
    const now = turn;
    while (stale && now === turn) {
      stale = false;
      const wanted = request();
      const draft = await api.ask("colors", { ...wanted, draft: true });
      if (now !== turn) continue;
      if (draft.problem) {
        if (!stale) fail(draft);
        continue;
      }
      const shown = picture().showDraft(draft.after);
      drafted(draft);
      if (!stale) refine(wanted, shown);
    }
    asking = false;
    if (stale) recolor(); // another photograph
  }
  // The next wish need not wait for them; they wait for the coarse ones to be seen: where the server
  // is on the same machine, both need its processor.
  async function refine(wanted, shown) {
    fine = wanted;
    await shown;
    await painted();
    if (fine !== wanted) return;
    const response = await api.ask("colors", wanted);
    if (fine !== wanted) return;
    if (response.problem) return fail(response);
    picture().showColor(response.after);
    came(response);
    busy(false);
    return settled();
  }
  function fail({ problem }) {
    busy(false);
    if (problem === true) later = setTimeout(recolor, AGAIN);
  }
  addEventListener("online", () => later && recolor());

  return {
    recolor,
    forget: () => {
      turn += 1;
      clearTimeout(later);
      [stale, fine, later] = [false, null, null];
    },
  };
}
