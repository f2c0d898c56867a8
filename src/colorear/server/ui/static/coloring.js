// The picture follows the controls: coarse colors of the newest wish, then fine ones.

const AGAIN = 3000; // milliseconds until a server that could not be reached is asked again

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
      if (!draft.problem) {
        picture().showDraft(draft.after);
        drafted(draft);
      }
      if (stale) continue;
      if (draft.problem) fail(draft);
      else refine(wanted);
    }
    asking = false;
    if (stale) recolor(); // another photograph
  }
  // The next wish need not wait for them.
  async function refine(wanted) {
    fine = wanted;
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
