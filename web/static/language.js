// Shows the page in the language that was chosen last, else in the first of the browser's that it has, else in English.
(() => {
  const { i18n_translations: texts = { en: {} }, title = "" } = window.gradio_config ?? {};
  const KEPT = "face-check-language";
  const known = (code) => Object.keys(texts).find((one) => one === code?.split("-")[0].toLowerCase());
  const kept = () => {
    try { return localStorage.getItem(KEPT); } catch { return null; } // a frame on another site may not keep anything
  };
  const keep = (code) => {
    try { localStorage.setItem(KEPT, code); } catch { /* the next visit begins in the browser's language */ }
  };

  const show = async (code) => {
    // Gradio's own settings call the same function; the name of its file changes with every release
    const { name } = performance.getEntriesByType("resource").find((one) => /\/assets\/core-[\w-]+\.js$/.test(one.name));
    (await import(name)).changeLocale(code);
  };
  const mark = () => {
    const language = document.documentElement.lang;
    document.title = texts[language]?.[title] ?? title;
    document.querySelectorAll("[data-language]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    });
  };

  // what stands before Gradio answers in the language of the request
  const send = window.fetch;
  window.fetch = (resource, options = {}) => {
    const headers = new Headers(options.headers ?? (resource instanceof Request ? resource.headers : undefined));
    headers.set("Accept-Language", document.documentElement.lang);
    return send(resource, { ...options, headers });
  };

  document.addEventListener("click", ({ target }) => {
    const code = target.closest?.("[data-language]")?.dataset.language;
    if (!code) return;
    keep(code);
    show(code);
  });
  new MutationObserver(mark).observe(document.documentElement, { attributeFilter: ["lang"] });
  // Gradio lays out the page after this
  const appeared = new MutationObserver(() => {
    if (!document.querySelector("[data-language]")) return;
    appeared.disconnect();
    mark();
  });
  appeared.observe(document.body, { childList: true, subtree: true });
  show(known(kept()) ?? navigator.languages.map(known).find(Boolean) ?? "en");
})();
