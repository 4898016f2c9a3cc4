// Translates what Gradio itself says: some of it is only in English, and some keeps the language in which it was first shown.
(() => {
  const { i18n_translations: texts = { en: {} } } = window.gradio_config ?? {};
  const OTHERS = "[lang]:not(html), .file-preview, textarea"; // has a language of its own, or is named by somebody
  const ATTRIBUTES = ["aria-label", "title"];
  const language = () => document.documentElement.lang;
  const places = (template) => template.match(/\{\w+\}/g) ?? [];

  // every text in every language leads to its key; those with places for words are compared one after the other
  const keys = new Map();
  const patterns = [];
  for (const key of Object.keys(texts.en)) {
    for (const text of [key, ...Object.values(texts).map((one) => one[key])]) {
      if (!keys.has(text)) keys.set(text, key);
      if (!places(text).length) continue;
      const parts = text.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
      patterns.push({ key, names: places(text), form: new RegExp(`^${parts.join("(.+?)")}$`, "s") });
    }
  }
  const translated = (text) => {
    const now = texts[language()] ?? texts.en;
    if (keys.has(text)) return now[keys.get(text)];
    for (const { key, names, form } of patterns) {
      const found = form.exec(text);
      if (found) return now[key].replace(/\{\w+\}/g, (name) => found[names.indexOf(name) + 1] ?? name);
    }
    return text;
  };

  const replaced = (text) => text && text.replace(/\S(.*\S)?/s, translated);
  const inText = (node) => {
    if (!node.parentElement || node.parentElement.closest(OTHERS)) return;
    const text = replaced(node.data);
    if (text !== node.data) node.data = text;
  };
  const inElement = (element) => {
    if (element.closest(OTHERS)) return;
    for (const name of ATTRIBUTES) {
      const text = replaced(element.getAttribute(name));
      if (text && text !== element.getAttribute(name)) element.setAttribute(name, text);
    }
  };
  const below = (node) => {
    if (node.nodeType === Node.TEXT_NODE) inText(node);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    inElement(node);
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    while (walker.nextNode()) walker.currentNode.nodeType === Node.TEXT_NODE ? inText(walker.currentNode) : inElement(walker.currentNode);
  };

  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "childList") addedNodes.forEach(below);
      else if (type === "characterData") inText(target);
      else inElement(target);
    }
  }).observe(document.body, { childList: true, characterData: true, subtree: true, attributeFilter: ATTRIBUTES });
  new MutationObserver(() => below(document.body)).observe(document.documentElement, { attributeFilter: ["lang"] });
})();
