// What this browser keeps between visits. It may refuse: then it is kept until the page is closed.

const memory = {
  refused: false,
  kept: new Map(),

  /** The text under a name; null where there is none. */
  recall(name) {
    try {
      return localStorage.getItem(name) ?? this.kept.get(name) ?? null;
    } catch {
      this.refused = true;
      return this.kept.get(name) ?? null;
    }
  },

  /** Keeps a text; false where the browser refuses, or is full. */
  keep(name, text) {
    this.kept.set(name, text);
    try {
      localStorage.setItem(name, text);
      this.refused = false;
    } catch {
      this.refused = true;
    }
    return !this.refused;
  },

  recallJson(name) {
    try {
      return JSON.parse(this.recall(name));
    } catch {
      return null;
    }
  },
};
