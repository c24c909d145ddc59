// The few texts that scripts say by themselves, by <html lang>. A page can always give its own in a data- attribute.
const messages = {
  ja: {
    keys: "キー操作",
    command: "操作を検索",
    commandHint: "画面名・操作名を入力",
    commandNone: "当てはまる操作がありません。",
    close: "閉じる",
    search: "検索欄へ",
    nextRow: "次の行／前の行",
    tickRow: "行を選択",
    tickRange: "ここまでまとめて選択",
    openRow: "開く",
    back: "戻る・閉じる",
    help: "この一覧",
    then: "のあとに",
    selected: "{n}件の受注が選択されています。",
    lost: "接続が切れました。つなぎ直しています…",
    connected: "",
    count: "{label} {n}件",
    undo: "元に戻す",
    undoFailed: "元に戻せませんでした。画面を読み込み直して、もう一度お試しください。",
    postalNone: "この郵便番号は郵便番号表にありません。番号を確かめてください。",
    postalDiffers: "郵便番号と住所が合いません。この番号の住所：{address}",
    moved: "{label}を{n}番目に移動しました。",
  },
  en: {
    keys: "Keyboard",
    command: "Find a command",
    commandHint: "Name of a screen or an action",
    commandNone: "No command matches.",
    close: "Close",
    search: "Search box",
    nextRow: "Next / previous row",
    tickRow: "Tick the row",
    tickRange: "Tick up to here",
    openRow: "Open",
    back: "Back, close",
    help: "This list",
    then: "then",
    selected: "{n} orders are selected.",
    lost: "The connection was lost. Reconnecting…",
    connected: "",
    count: "{label} {n}",
    undo: "Undo",
    undoFailed: "This could not be undone. Reload the page and try again.",
    postalNone: "This postal code is not in the table. Please check the number.",
    postalDiffers: "Postal code and address do not match. Address of this code: {address}",
    moved: "{label} moved to place {n}.",
  },
};

/** `"{n}件"` with `{ n: 12 }` is `"12件"`; numbers get their commas, an unknown place stays as it is. */
export function fill(template, values = {}) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString("ja-JP") : String(value);
  });
}

/** The text of a key in the page's language, Japanese when that language has none. */
export function say(key, values, lang = document.documentElement.lang) {
  const table = messages[(lang || "ja").slice(0, 2)] ?? messages.ja;
  return fill(table[key] ?? messages.ja[key] ?? key, values);
}

/** For comparing what people type: full and half width, hiragana and katakana, upper and lower case are one. */
export function fold(text) {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[ァ-ヶ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60))
    .replace(/\s+/g, " ")
    .trim();
}

/** A new element: `make("p", { class: "note" }, "text", child)`. Text is always text, never markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}
