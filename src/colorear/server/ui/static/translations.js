// The page's messages in the language of the browser.

const CHOSEN = "colorear-language"; // where a choice is kept; in the address, if nowhere else

/** The language of the page: the one that was chosen, or else what the browser likes best. */
export function languageOf(known) {
  let chosen = null;
  try {
    chosen = localStorage.getItem(CHOSEN);
  } catch {
    chosen = new URLSearchParams(location.search).get(CHOSEN);
  }
  const preferred = [chosen, ...navigator.languages].map((tag) => tag?.slice(0, 2));
  return preferred.find((tag) => known.includes(tag)) ?? "en";
}

/** Speak another language from now on. */
export function chooseLanguage(language) {
  try {
    localStorage.setItem(CHOSEN, language);
  } catch {
    location.search = new URLSearchParams({ [CHOSEN]: language });
    return;
  }
  location.reload();
}

/** Gives `translate(key, values)`, and `fill(root)` for the markup's texts. */
export function createTranslator(messages, language) {
  const shown = (value) => (typeof value === "number" ? value.toLocaleString(language) : value);
  const translate = (key, values = {}) =>
    messages[language][key].replace(/\{(\w+)\}/g, (_, name) => shown(values[name]));
  const fill = (root) => {
    document.documentElement.lang = language;
    for (const element of root.querySelectorAll("[data-text]"))
      element.textContent = translate(element.dataset.text);
    for (const element of root.querySelectorAll("[data-label]"))
      element.setAttribute("aria-label", translate(element.dataset.label));
    for (const element of root.querySelectorAll("[data-title]"))
      element.title = translate(element.dataset.title);
  };
  return { translate, fill };
}
